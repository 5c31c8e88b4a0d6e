-- The registry's role and database, once, on the primary: psql -h 10.0.0.11 -U postgres -v password=… -f registry.sql
create role odopass login password :'password';
create database odopass owner odopass encoding 'UTF8' template template0;
