#!/bin/sh
# Install what the tests need beside Python: a browser, curl, Java with JAXB for the PDF validator, PDF and QR tools, a PKCS#11
# token in software, a proxy that ends TLS. Does nothing if all of it is here. On Debian and Ubuntu; elsewhere install
# the like by hand.
set -eu

wanted="
curl:curl
pdftotext:poppler-utils
zbarimg:zbar-tools
softhsm2-util:softhsm2
openssl:openssl
"
missing=""
for each in $wanted; do
    command -v "${each%%:*}" >/dev/null 2>&1 || missing="$missing ${each#*:}"
done
command -v java >/dev/null 2>&1 || missing="$missing default-jre-headless"
[ -e /usr/share/java/jaxb-runtime.jar ] || missing="$missing libjaxb-java"
[ -e /usr/share/java/jaxb-api.jar ] || missing="$missing libjaxb-api-java"
[ -x /usr/sbin/haproxy ] || command -v haproxy >/dev/null 2>&1 || missing="$missing haproxy"
command -v chromium >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1 || missing="$missing chromium"

# Two PostgreSQL under Patroni, which only the long form of the tests of reliability starts. Debian starts a PostgreSQL and
# an etcd of its own when they are installed: they are not wanted on every developer's machine.
if [ "${1:-}" = "--long" ]; then
    command -v patroni >/dev/null 2>&1 || missing="$missing patroni"
    command -v etcd >/dev/null 2>&1 || missing="$missing etcd-server"
    [ -d /usr/lib/python3/dist-packages/etcd ] || missing="$missing python3-etcd"
    ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || missing="$missing postgresql"
fi

[ -n "$missing" ] || exit 0

say() {
    echo "$*" >&2
}

if ! command -v apt-get >/dev/null 2>&1; then
    say "The tests need programs that are not here, and apt-get is not here to install them:$missing"
    say "Install them by hand (Debian's names); until then the tests that need them are skipped."
    exit 0
fi
as_root=""
if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        as_root="sudo"
    else
        say "The tests need programs that are not here, and to install them takes root. Please run:"
        say "    sudo apt-get install --no-install-recommends$missing"
        say "Until then the tests that need them are skipped."
        exit 0
    fi
fi

say "Installing for the tests:$missing"
export DEBIAN_FRONTEND=noninteractive
# Somebody else who installs something just now is waited for.
packages() {
    $as_root apt-get -o DPkg::Lock::Timeout=300 "$@"
}
# shellcheck disable=SC2086 - names of packages, one word each
if ! { packages update -qq && packages install -y -qq --no-install-recommends $missing >/dev/null; }; then
    say "They could not be installed; see above. Until then the tests that need them are skipped."
    [ "${CI:-}" = "true" ] && exit 1
fi
exit 0
