#!/bin/sh
# Installs the Debian packages that the live tests and benches drive. Without apt or root it says what is missing and
# goes on: the live tests then skip, or fail if READYCHECK_REQUIRE_LIVE=1.
set -eu
packages="chromium coturn firefox-esr iperf3 iproute2 iptables iputils-ping irtt libasound2-plugins libportaudio2 openssl pulseaudio pulseaudio-utils squid-openssl tmux"
command -v dpkg-query >/dev/null 2>&1 || exit 0
missing=""
for package in $packages; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" -ne 0 ]; then
  echo "The live tests need:$missing (apt install, as root); they will be skipped" >&2
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# coturn's and squid's own services must not start: each test starts servers of its own
printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d.readycheck
if [ ! -e /usr/sbin/policy-rc.d ]; then
  cp /usr/sbin/policy-rc.d.readycheck /usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d && made=1
fi
rm -f /usr/sbin/policy-rc.d.readycheck
# shellcheck disable=SC2086
apt-get install -y -qq --no-install-recommends $missing >/dev/null || status=$?
[ -z "${made:-}" ] || rm -f /usr/sbin/policy-rc.d
exit "${status:-0}"
