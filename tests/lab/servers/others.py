"""Courier, Cyrus and OpenSMTPD, each with the mailbox probe@."""
from base import UNPACKED, Server

CONNECTIONS_OF_AN_ADDRESS = 4
COURIER_LINES = {
    "authdaemonrc": 'authmodulelist="authuserdb"\n',
    "imapd": "ADDRESS=@address@\nIMAPDSTART=YES\n"
             f"MAXPERIP={CONNECTIONS_OF_AN_ADDRESS}\nLOGGEROPTS=\"-name=imapd\"\n",
    "imapd-ssl": "SSLADDRESS=@address@\nIMAPDSSLSTART=YES\nTLS_CERTFILE=@home@/both.pem\n"
                 "TLS_DHPARAMS=\nTLS_CACHEFILE=\n",
    "pop3d": "ADDRESS=@address@\nPOP3DSTART=YES\n",
    "pop3d-ssl": "SSLADDRESS=@address@\nPOP3DSSLSTART=YES\nTLS_CERTFILE=@home@/both.pem\n"
                 "TLS_DHPARAMS=\nTLS_CACHEFILE=\n",
}
COURIER_START = """
ln -sf makedat.courier /usr/bin/makedat
chown courier: @home@/both.pem
mkdir -p /run/courier/authdaemon /var/lib/courier
chown -R courier: /run/courier /var/lib/courier
number=$(id -u courier)
su_dir=@home@/mail
mkdir -p $su_dir
maildirmake.courier $su_dir/Maildir
chown -R courier: $su_dir
secret=$(printf '%s\\n' '@password@' | userdbpw -md5)
touch /etc/courier/userdb
chmod 600 /etc/courier/userdb
userdb 'probe@@domain@' set home=$su_dir mail=$su_dir/Maildir uid=$number \\
  gid=$(id -g courier) systempw="$secret"
makeuserdb
/usr/sbin/authdaemond start
for daemon in imapd imapd-ssl pop3d pop3d-ssl; do /usr/lib/courier/$daemon start; done
"""
CYRUS_CONF = """\
START {
  recover cmd="/usr/lib/cyrus/bin/ctl_cyrusdb -r"
}
SERVICES {
  imap cmd="/usr/lib/cyrus/bin/imapd -U 30" listen="@address@:143" prefork=0
  imaps cmd="/usr/lib/cyrus/bin/imapd -s -U 30" listen="@address@:993" prefork=0
  pop3 cmd="/usr/lib/cyrus/bin/pop3d -U 30" listen="@address@:110" prefork=0
  pop3s cmd="/usr/lib/cyrus/bin/pop3d -s -U 30" listen="@address@:995" prefork=0
}
EVENTS {
}
"""
CYRUS_IMAPD = """\
configdirectory: @home@/lib
proc_path: @home@/proc
mboxname_lockpath: @home@/lock
defaultpartition: default
partition-default: @home@/spool
idlesocket: @home@/idle
notifysocket: @home@/notify
lmtpsocket: @home@/lmtp
syslog_prefix: cyrus
servername: @host@
virtdomains: userid
defaultdomain: @domain@
admins: cyrus
autocreate_quota: 1000
autocreate_inbox_folders: Junk
sasl_mech_list: PLAIN LOGIN
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: @home@/sasldb2
allowplaintext: no
tls_server_cert: @cert@
tls_server_key: @home@/key.pem
tls_client_ca_file: @home@/ca.pem
tls_client_certs: off
"""
CYRUS_START = """
mkdir -p @home@/lib/db @home@/lib/socket @home@/lib/user @home@/lib/quota @home@/lib/log
mkdir -p @home@/spool @home@/proc @home@/lock /run/cyrus
for realm in @domain@ @host@; do
  printf '%s' '@password@' | saslpasswd2 -p -c -f @home@/sasldb2 -u $realm probe
done
chown -R cyrus: @home@ /run/cyrus
/usr/lib/cyrus/bin/master -M @home@/cyrus.conf -p @home@/master.pid -d
"""
OPENSMTPD_CONF = """\
queue ttl 1h
listen on @address@ port 25 hostname @host@
action "keep" mbox
match from any for domain "@domain@" action "keep"
"""
OPENSMTPD_START = """
mkdir -p /var/spool/smtpd /run/opensmtpd/empty /var/lib/opensmtpd/empty /etc/mail
chmod 711 /var/spool/smtpd
smtpd -f @home@/smtpd.conf
"""


class Courier(Server):
    name, title, package = "courier", "Courier-IMAP", "courier-imap"
    users = "courier"
    ports = (143, 993, 110, 995)

    def configure(self) -> None:
        both = self.account.key.read_text() + self.account.certificate.read_text()
        self.write("both.pem", both, 0o600)
        for name, lines in COURIER_LINES.items():
            before = (UNPACKED / self.name / "etc/courier" / name).read_text()
            self.write(f"etc/courier/{name}", before + lines)
        self.write("start", COURIER_START.replace("probe@@domain@", f"probe@{self.domain}"))

    def command(self) -> str:
        return f". {self.home}/start"


class Cyrus(Server):
    name, title, package = "cyrus", "Cyrus IMAP", "cyrus-imapd"
    users = "cyrus"
    ports = (143, 993, 110, 995)

    def configure(self) -> None:
        self.write("cyrus.conf", CYRUS_CONF)
        self.write("etc/imapd.conf", CYRUS_IMAPD)
        self.write("key.pem", self.account.key.read_text(), 0o600)
        self.write("ca.pem", self.account.ca.read_text())
        self.write("start", CYRUS_START)

    def command(self) -> str:
        return f". {self.home}/start"


class OpenSmtpd(Server):
    name, title, package = "opensmtpd", "OpenSMTPD", "opensmtpd"
    users = "opensmtpd opensmtpq"
    ports = (25,)

    def configure(self) -> None:
        self.write("smtpd.conf", OPENSMTPD_CONF)
        self.write("start", OPENSMTPD_START)

    def command(self) -> str:
        return f". {self.home}/start"
