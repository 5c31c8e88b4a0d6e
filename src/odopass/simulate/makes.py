"""Who makes the vehicles of the fleet: makes, models, their world manufacturer identifiers and market shares.

The identifiers (the first three characters of a VIN) are the manufacturers' own, as registered under ISO 3780. Shares
are rounded from the Belgian market of the last decades; they decide what the fleet looks like, not more.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Model:
    """One model of one make.

    Attributes:
        make: the maker's name as a registration authority writes it.
        name: the model's trade name.
        wmis: the identifiers its VINs begin with, each as likely as the others.
        weight: its share among the models of its category sold in a year in which it is made.
        category: the EU vehicle category.
        mass_kg: the maximum permissible mass.
        since: the first year of manufacture.
        until: the last one.
        electric: True if it only exists with an electric motor alone, False if it never does, None if both.
        filler: whether the maker fills unused VIN positions with Z, as the Volkswagen group does in Europe.
    """

    make: str
    name: str
    wmis: tuple[str, ...]
    weight: float
    category: str = "M1"
    mass_kg: int = 1_850
    since: int = 1900
    until: int = 2100
    electric: bool | None = False
    filler: bool = False


CARS: tuple[Model, ...] = (
    Model("VOLKSWAGEN", "GOLF", ("WVW",), 5.0, since=1975, mass_kg=1_840, filler=True),
    Model("VOLKSWAGEN", "POLO", ("WVW",), 3.5, since=1976, mass_kg=1_600, filler=True),
    Model("VOLKSWAGEN", "TIGUAN", ("WVG",), 2.5, since=2008, mass_kg=2_150, filler=True),
    Model("VOLKSWAGEN", "ID.4", ("WVG",), 1.2, since=2021, mass_kg=2_660, electric=True, filler=True),
    Model("VOLKSWAGEN", "JETTA", ("3VW",), 0.4, since=2006, until=2018, mass_kg=1_920),
    Model("AUDI", "A3", ("WAU",), 2.4, since=1996, mass_kg=1_875, filler=True),
    Model("AUDI", "A4", ("WAU",), 2.6, since=1995, mass_kg=2_095, filler=True),
    Model("AUDI", "Q4 E-TRON", ("WAU",), 1.2, since=2021, mass_kg=2_720, electric=True, filler=True),
    Model("BMW", "3", ("WBA",), 3.0, since=1975, mass_kg=2_060),
    Model("BMW", "1", ("WBA",), 2.4, since=2004, mass_kg=1_880),
    Model("BMW", "X3", ("WBA", "5UX"), 1.2, since=2004, mass_kg=2_400),
    Model("BMW", "X5", ("5UX",), 0.9, since=2000, mass_kg=2_860),
    Model("BMW", "IX3", ("LBV",), 0.4, since=2021, mass_kg=2_725, electric=True),
    Model("MERCEDES-BENZ", "A", ("WDD", "W1K"), 2.0, since=1998, mass_kg=1_930),
    Model("MERCEDES-BENZ", "C", ("WDB", "WDD", "W1K"), 2.2, since=1993, mass_kg=2_150),
    Model("MERCEDES-BENZ", "GLE", ("4JG",), 0.6, since=2015, mass_kg=2_900),
    Model("RENAULT", "CLIO", ("VF1",), 4.2, since=1990, mass_kg=1_650),
    Model("RENAULT", "MEGANE", ("VF1",), 3.6, since=1995, mass_kg=1_850),
    Model("RENAULT", "TWINGO", ("VF1",), 1.2, since=1993, mass_kg=1_360),
    Model("RENAULT", "ZOE", ("VF1",), 0.4, since=2013, until=2024, mass_kg=1_990, electric=True),
    Model("PEUGEOT", "206", ("VF3",), 2.8, since=1998, until=2010, mass_kg=1_580),
    Model("PEUGEOT", "208", ("VF3", "VR3"), 2.8, since=2012, mass_kg=1_620, electric=None),
    Model("PEUGEOT", "308", ("VF3", "VR3"), 2.8, since=2007, mass_kg=1_900),
    Model("CITROEN", "C3", ("VF7",), 2.8, since=2002, mass_kg=1_600),
    Model("CITROEN", "XSARA PICASSO", ("VF7",), 2.6, since=1999, until=2012, mass_kg=1_890),
    Model("CITROEN", "C4", ("VF7", "VR7"), 2.2, since=2004, mass_kg=1_840),
    Model("OPEL", "ASTRA", ("W0L", "W0V"), 4.0, since=1991, mass_kg=1_900),
    Model("OPEL", "CORSA", ("W0L", "VXK"), 3.8, since=1982, mass_kg=1_600, electric=None),
    Model("FORD", "FIESTA", ("WF0",), 2.8, since=1976, until=2023, mass_kg=1_600),
    Model("FORD", "FOCUS", ("WF0",), 2.8, since=1998, until=2025, mass_kg=1_900),
    Model("FORD", "MUSTANG", ("1FA",), 0.15, since=2015, mass_kg=2_130),
    Model("TOYOTA", "YARIS", ("VNK",), 1.9, since=1999, mass_kg=1_600),
    Model("TOYOTA", "COROLLA", ("SB1", "JTD"), 1.2, since=1993, mass_kg=1_910),
    Model("TOYOTA", "RAV4", ("JTM",), 0.6, since=1995, mass_kg=2_180),
    Model("VOLVO", "V60", ("YV1",), 1.5, since=2011, mass_kg=2_250),
    Model("VOLVO", "V40", ("YV1",), 1.6, since=1996, until=2019, mass_kg=1_950),
    Model("VOLVO", "XC40", ("YV1", "LVY"), 1.6, since=2018, mass_kg=2_220, electric=None),
    Model("SKODA", "OCTAVIA", ("TMB",), 2.4, since=1997, mass_kg=1_960, filler=True),
    Model("SKODA", "FABIA", ("TMB",), 1.6, since=2000, mass_kg=1_560, filler=True),
    Model("SKODA", "ENYAQ", ("TMB",), 0.9, since=2021, mass_kg=2_610, electric=True),
    Model("SEAT", "IBIZA", ("VSS",), 1.4, since=1985, mass_kg=1_610, filler=True),
    Model("SEAT", "LEON", ("VSS",), 1.3, since=1999, mass_kg=1_830, filler=True),
    Model("FIAT", "PANDA", ("ZFA",), 1.2, since=1981, mass_kg=1_420),
    Model("FIAT", "500", ("ZFA",), 1.8, since=2008, mass_kg=1_440, electric=None),
    Model("HYUNDAI", "I20", ("NLH",), 1.1, since=2009, mass_kg=1_600),
    Model("HYUNDAI", "TUCSON", ("TMA", "KMH"), 1.5, since=2005, mass_kg=2_150),
    Model("HYUNDAI", "KONA", ("TMA", "KMH"), 0.8, since=2018, mass_kg=2_020, electric=None),
    Model("KIA", "CEED", ("U5Y",), 1.5, since=2007, mass_kg=1_850),
    Model("KIA", "SPORTAGE", ("U5Y", "KNA"), 1.3, since=2005, mass_kg=2_170),
    Model("DACIA", "SANDERO", ("UU1",), 2.2, since=2009, mass_kg=1_560),
    Model("DACIA", "DUSTER", ("UU1",), 1.8, since=2010, mass_kg=1_800),
    Model("NISSAN", "QASHQAI", ("SJN",), 1.9, since=2007, mass_kg=1_950),
    Model("MINI", "COOPER", ("WMW",), 1.5, since=2001, mass_kg=1_650),
    Model("LAND ROVER", "DEFENDER", ("SAL",), 0.3, category="M1G", since=1991, mass_kg=3_165),
    Model("TESLA", "MODEL S", ("5YJ",), 0.3, since=2013, mass_kg=2_670, electric=True),
    Model("TESLA", "MODEL 3", ("5YJ", "LRW"), 2.0, since=2019, mass_kg=2_230, electric=True),
    Model("TESLA", "MODEL Y", ("XP7", "LRW"), 2.6, since=2021, mass_kg=2_400, electric=True),
)

VANS: tuple[Model, ...] = (
    Model("RENAULT", "KANGOO", ("VF1",), 3.0, "N1", 1_950, since=1998, electric=None),
    Model("RENAULT", "TRAFIC", ("VF1",), 2.4, "N1", 3_010, since=1981),
    Model("CITROEN", "BERLINGO", ("VF7", "VR7"), 3.0, "N1", 2_000, since=1996, electric=None),
    Model("PEUGEOT", "PARTNER", ("VF3", "VR3"), 2.5, "N1", 2_000, since=1996),
    Model("FORD", "TRANSIT", ("WF0",), 3.2, "N1", 3_500, since=1970),
    Model("MERCEDES-BENZ", "SPRINTER", ("WDB", "W1V"), 2.2, "N1", 3_500, since=1995),
    Model("MERCEDES-BENZ", "VITO", ("WDF", "W1V"), 1.6, "N1", 2_800, since=1996),
    Model("VOLKSWAGEN", "CADDY", ("WV1",), 2.0, "N1", 2_260, since=1996, filler=True),
    Model("VOLKSWAGEN", "TRANSPORTER", ("WV1",), 2.4, "N1", 3_000, since=1970, filler=True),
    Model("OPEL", "VIVARO", ("W0L", "VXE"), 1.6, "N1", 2_900, since=2001),
    Model("FIAT", "DUCATO", ("ZFA",), 1.5, "N1", 3_500, since=1981),
    Model("IVECO", "DAILY", ("ZCF",), 1.2, "N1", 3_500, since=1978),
    Model("TOYOTA", "HILUX", ("AHT",), 0.5, "N1G", 3_210, since=1995),
)

#: Vehicles outside the law's scope; the registry knows them and refuses their readings.
OUTSIDE: tuple[Model, ...] = (
    Model("IVECO", "EUROCARGO", ("ZCF",), 0.8, "N2", 11_990, since=1991),
    Model("MERCEDES-BENZ", "ACTROS", ("WDB", "W1T"), 1.0, "N3", 26_000, since=1996),
    Model("DAF", "XF", ("XLR",), 1.6, "N3", 20_500, since=1997),
    Model("SCANIA", "R", ("YS2", "XLE"), 1.2, "N3", 26_000, since=1996),
    Model("VOLVO", "FH", ("YV2",), 1.2, "N3", 26_000, since=1993),
    Model("MAN", "TGX", ("WMA",), 1.0, "N3", 26_000, since=2000),
    Model("VAN HOOL", "TX", ("YE2",), 0.3, "M3", 26_000, since=1985),
    Model("MERCEDES-BENZ", "SPRINTER CITY", ("WDB", "W1V"), 0.2, "M2", 5_000, since=1995),
    Model("HONDA", "CB 500", ("ZDC", "JH2"), 2.2, "L3e", 380, since=1977),
    Model("YAMAHA", "MT-07", ("JYA",), 1.8, "L3e", 360, since=1985),
    Model("BMW", "R 1200 GS", ("WB1",), 1.8, "L3e", 450, since=1980),
    Model("SCHMITZ", "CARGOBULL", ("WSM",), 0.9, "O4", 39_000, since=1985),
    Model("KRONE", "PROFI LINER", ("WKE",), 0.6, "O4", 39_000, since=1985),
    Model("BRENDERUP", "1205", ("UH2",), 0.9, "O1", 750, since=1985),
)

#: Cars that are kept for love. They were built when every maker numbered chassis its own way, so their VINs are short.
OLDTIMERS: tuple[Model, ...] = (
    Model("VOLKSWAGEN", "KEVER", ("",), 3.0, mass_kg=1_160, since=1946, until=1979),
    Model("CITROEN", "2 CV", ("",), 2.5, mass_kg=900, since=1949, until=1980),
    Model("CITROEN", "DS", ("",), 1.5, mass_kg=1_760, since=1955, until=1975),
    Model("MG", "MGB", ("",), 1.5, mass_kg=1_200, since=1962, until=1980),
    Model("MERCEDES-BENZ", "W 114", ("",), 1.2, mass_kg=1_860, since=1968, until=1976),
    Model("VOLVO", "AMAZON", ("",), 1.2, mass_kg=1_540, since=1956, until=1970),
    Model("TRIUMPH", "TR4", ("",), 0.8, mass_kg=1_220, since=1961, until=1967),
    Model("JAGUAR", "MK 2", ("",), 0.7, mass_kg=1_920, since=1959, until=1967),
    Model("FIAT", "500 F", ("",), 1.2, mass_kg=840, since=1965, until=1973),
    Model("FORD", "TAUNUS", ("",), 1.0, mass_kg=1_500, since=1952, until=1980),
)

MODELS: tuple[Model, ...] = CARS + VANS + OUTSIDE + OLDTIMERS
