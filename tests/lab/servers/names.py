"""Three authorities for domains, all with the same signed zone: Knot, BIND and NSD."""
from base import Server

NSD_CONF = """\
server:
  ip-address: @address@
  username: ""
  chroot: ""
  zonesdir: "@home@"
  pidfile: "@home@/nsd.pid"
  database: ""
  xfrdfile: "@home@/xfrd.state"
  zonelistfile: "@home@/zone.list"
  xfrdir: "@home@"
  logfile: "@log@"
  server-count: 1
remote-control:
  control-enable: no
zone:
  name: "@domain@"
  zonefile: "@home@/zone"
"""
BIND_CONF = """\
options {
  directory "@home@";
  pid-file "@home@/named.pid";
  session-keyfile "@home@/session.key";
  managed-keys-directory "@home@";
  listen-on { @address@; };
  listen-on-v6 { none; };
  recursion no;
  dnssec-validation no;
  minimal-responses no;
};
controls { };
zone "@domain@" { type primary; file "@home@/zone"; };
"""


class Nsd(Server):
    name, title, package = "nsd", "NSD", "nsd"
    ports = (53,)
    zone = ""  # its signed text, given before up()

    def configure(self) -> None:
        self.write("zone", self.zone)
        self.write("nsd.conf", NSD_CONF)

    def command(self) -> str:
        return f"nsd -c {self.home}/nsd.conf"


class Bind(Server):
    name, title, package = "bind", "BIND", "bind9"
    ports = (53,)
    zone = ""

    def configure(self) -> None:
        self.write("zone", self.zone)
        self.write("named.conf", BIND_CONF)

    def command(self) -> str:
        return f"named -c {self.home}/named.conf -n 1"
