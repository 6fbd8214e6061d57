# SPDX-License-Identifier: ISC
# shellcheck shell=bash
#
# lab: a laptop, its provider's router, a VPN server and the internet, each in
# a network namespace, for the demo and the tests. To be sourced.
#
#   laptop eth0 -------- lan0 router wan0 -------- eth0 vpn inet0 ---- eth0 internet
#      192.0.2.10 | 192.0.2.1   203.0.113.1 | 203.0.113.5   198.51.100.5 | .9 web
#   2001:db8:1::10   and fe80::1                                           .53 DNS
#
# The VPN server runs wireguard-go and OpenVPN (UDP and TCP) and translates its
# clients' addresses to its own, .5: a page that was fetched through the tunnel
# says so. The router owns the web server's and the resolver's addresses too
# (the trap): a packet that leaks does not get lost, it succeeds, and is seen.
#
# Everything happens in network, mount and process namespaces of the run's own
# (lab_enter): nothing in it can reach the machine's network; labs run side by
# side without knowing of each other; and when the run ends, however it ends,
# the kernel ends every process in it, and with the last of them go the
# namespaces, the devices, the rules and the files (all under a private /run).
#
#	lab_enter "$@"		must come first; as root
#	lab_up			builds the lab; lab_down ends it early
#	lab_on HOST COMMAND	runs a command on laptop, router, vpn or internet
#	lab_judge_start FILE	the capture at the router (leakwatch)
#	lab_attempts_start	the leaker on the laptop (attempts)

export LC_ALL=C
LAB=/run/lab
LAB_HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/net/inside.sh
. "$LAB_HERE/inside.sh"
LAB_BIN=${LAB_BIN:-$(cd "$LAB_HERE/../.." && pwd)/build/bin}

LAB_UPLINK4=192.0.2.10 LAB_UPLINK6=2001:db8:1::10
LAB_GATEWAY4=192.0.2.1 LAB_GATEWAY6=2001:db8:1::1 LAB_GATEWAY_LINK=fe80::1
LAB_NEAR4=192.0.2.77 LAB_NEAR6=2001:db8:1::77
LAB_SERVER4=203.0.113.5 LAB_SERVER6=2001:db8:5::5
LAB_EXIT4=198.51.100.5 LAB_EXIT6=2001:db8:ffff::5
LAB_SITE4=198.51.100.9 LAB_SITE6=2001:db8:ffff::9
LAB_DNS4=198.51.100.53 LAB_DNS6=2001:db8:ffff::53
LAB_SITE_NAME=www.example

# tungate: a WireGuard server, and no client but the gate itself.
declare -A LAB_PORT=([tungate]=51820 [wireguard]=51820 [openvpn-udp]=1194 [openvpn-tcp]=1195)
declare -A LAB_INTERFACE=([tungate]=tungate-wg [wireguard]=wg0 [openvpn-udp]=ovpnu0 [openvpn-tcp]=ovpnt0)
LAB_HOSTS=(laptop router vpn internet)
LAB_PIDS=()

lab_die() {
	printf 'lab: %s\n' "$*" >&2
	exit 1
}

# Runs the calling script again, inside, and ends with its status.
lab_enter() {
	if [ "${LAB_INSIDE-}" = yes ]; then
		mount -t tmpfs -o mode=755 lab /run
		mkdir -p "$LAB/log"
		trap lab_down EXIT
		return
	fi
	[ "$(id -u)" = 0 ] || lab_die "run this as root (network namespaces need it)"

	LAB_INSIDE=yes inside --net -- bash "$0" "$@"
}

lab_on() {
	local host=$1
	shift
	ip netns exec "$host" "$@"
}

# Starts a command on a host; its output goes to a log. Sets LAB_PID.
lab_spawn() {
	local host=$1 name=$2
	shift 2
	ip netns exec "$host" "$@" >"$LAB/log/$name" 2>&1 </dev/null &
	LAB_PID=$!
	LAB_PIDS+=("$LAB_PID")
}

# Tries a command until it succeeds, for so many seconds at most.
lab_wait_for() {
	local seconds=$1 end
	shift
	end=$((${EPOCHREALTIME/./} + seconds * 1000000))
	until "$@" >/dev/null 2>&1; do
		[ "${EPOCHREALTIME/./}" -lt "$end" ] || return 1
		sleep 0.02
	done
}

lab_log_says() {
	grep -q -- "$2" "$LAB/log/$1"
}

lab_need() {
	lab_wait_for "$1" "${@:3}" || lab_die "$2 (log: $(tail -n 3 "$LAB"/log/* 2>&1))"
}

#
# The network.
#

lab_sysctl() {
	lab_on "$1" sysctl -qw "${@:2}"
}

lab_hosts_up() {
	local host

	for host in "${LAB_HOSTS[@]}"; do
		ip netns add "$host"
		# As careful as a laptop can be: a packet must come from where its
		# answer would go (strict reverse-path filtering).
		[ "$host" != laptop ] || lab_sysctl laptop net.ipv4.conf.all.rp_filter=1
		# Addresses are usable at once, and what the kernel says on its own
		# about multicast groups is over before the capture begins.
		lab_sysctl "$host" net.ipv6.conf.default.accept_dad=0 \
			net.ipv6.conf.default.router_solicitations=0 \
			net.ipv6.conf.default.mldv2_unsolicited_report_interval=10
		ip -n "$host" link set lo up
	done
}

lab_link() {
	local a=$1 a_if=$2 b=$3 b_if=$4
	ip link add "$a_if" netns "$a" type veth peer name "$b_if" netns "$b"
	# One frame is one packet of the wire.
	lab_on "$a" ethtool -K "$a_if" tso off gso off gro off tx off >/dev/null
	lab_on "$b" ethtool -K "$b_if" tso off gso off gro off tx off >/dev/null
	ip -n "$a" link set "$a_if" up
	ip -n "$b" link set "$b_if" up
}

lab_address() {
	local host=$1 interface=$2 address
	shift 2
	for address in "$@"; do
		ip -n "$host" address add "$address" dev "$interface"
	done
}

lab_addresses_up() {
	lab_address laptop eth0 "$LAB_UPLINK4/24" "$LAB_UPLINK6/64"
	lab_address router lan0 "$LAB_GATEWAY4/24" "$LAB_GATEWAY6/64" "$LAB_GATEWAY_LINK/64"
	# Another host of the local network, as far as the laptop can tell.
	lab_address router lan0 "$LAB_NEAR4/24" "$LAB_NEAR6/64"
	lab_address router wan0 203.0.113.1/24 2001:db8:5::1/64
	lab_address vpn eth0 "$LAB_SERVER4/24" "$LAB_SERVER6/64"
	lab_address vpn inet0 "$LAB_EXIT4/24" "$LAB_EXIT6/64"
	lab_address internet eth0 "$LAB_SITE4/24" "$LAB_SITE6/64" "$LAB_DNS4/24" "$LAB_DNS6/64"
	# The trap.
	lab_address router lo "$LAB_SITE4/32" "$LAB_SITE6/128" "$LAB_DNS4/32" "$LAB_DNS6/128"

	ip -n laptop route add default via "$LAB_GATEWAY4"
	ip -n laptop -6 route add default via "$LAB_GATEWAY_LINK" dev eth0
	ip -n vpn route add default via 203.0.113.1
	ip -n vpn -6 route add default via 2001:db8:5::1
	lab_sysctl router net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	lab_sysctl vpn net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
}

# Clients reach the internet and nothing else, under the server's address.
lab_nat_up() {
	lab_on vpn nft -f - <<-'END'
		table inet vpn {
			chain forward {
				type filter hook forward priority 0; policy drop;
				iifname { "wgs0", "ovpnsu0", "ovpnst0" } oifname "inet0" accept
				iifname "inet0" ct state established,related accept
			}
			chain translate {
				type nat hook postrouting priority 100;
				oifname "inet0" masquerade
			}
		}
	END
}

#
# The services.
#

lab_web_up() {
	local host=$1
	lab_spawn "$host" "$host-web" /usr/bin/python3 "$LAB_HERE/web.py" \
		"$LAB/$host-requests" 80 "$LAB_SITE4" "$LAB_SITE6"
	touch "$LAB/$host-requests"
}

# A resolver that knows one name.
lab_resolver_up() {
	local host=$1 listen=()
	shift
	while [ $# -gt 0 ]; do
		listen+=(--listen-address="$1")
		shift
	done
	lab_spawn "$host" "$host-resolver" dnsmasq --keep-in-foreground \
		--conf-file=/dev/null --no-resolv --no-hosts --user=root --pid-file= \
		--log-facility=- --log-queries --bind-interfaces "${listen[@]}" \
		--address="/$LAB_SITE_NAME/$LAB_SITE4" --address="/$LAB_SITE_NAME/$LAB_SITE6"
}

# Names are resolved by the internet's resolver, in the whole of the lab.
lab_resolv_conf() {
	local target
	target=$(readlink -f /etc/resolv.conf) || lab_die "there is no /etc/resolv.conf"
	# It may lie in /run, of which the lab has its own.
	mkdir -p "$(dirname "$target")"
	[ -e "$target" ] || : >"$target"
	printf 'nameserver %s\noptions timeout:1 attempts:3\n' "$LAB_DNS4" >"$LAB/resolv.conf"
	mount --bind "$LAB/resolv.conf" "$target"
}

lab_services_up() {
	lab_resolv_conf
	lab_web_up router
	lab_web_up internet
	lab_resolver_up router "$LAB_GATEWAY4" "$LAB_GATEWAY6" "$LAB_DNS4" "$LAB_DNS6"
	lab_resolver_up internet "$LAB_DNS4" "$LAB_DNS6"
}

#
# The VPN: servers in vpn, and what clients need to know in $LAB/client.
#

# Whether wireguard-go listens there for wg(8), which is not to be asked before:
# it removes a socket that it finds and that does not answer, as one that was
# left behind, and then wireguard-go ends.
lab_wireguard_listens() { # HOST INTERFACE
	lab_on "$1" grep -q " 00010000 .*/$2\.sock\$" /proc/net/unix
}

lab_wireguard_up() {
	local server client
	server=$(wg genkey) client=$(wg genkey)
	cat >"$LAB/wgs0.conf" <<-END
		[Interface]
		PrivateKey = $server
		ListenPort = ${LAB_PORT[wireguard]}
		[Peer]
		PublicKey = $(wg pubkey <<<"$client")
		AllowedIPs = 10.64.0.2/32, 10.64.0.3/32, fd00:64::2/127
	END
	for endpoint in "$LAB_SERVER4" "[$LAB_SERVER6]"; do
		cat >"$LAB/client/wg0-$([ "$endpoint" = "$LAB_SERVER4" ] && echo 4 || echo 6).conf" <<-END
			[Interface]
			PrivateKey = $client
			[Peer]
			PublicKey = $(wg pubkey <<<"$server")
			Endpoint = $endpoint:${LAB_PORT[wireguard]}
			AllowedIPs = 0.0.0.0/0, ::/0
			PersistentKeepalive = 25
		END
	done
	lab_spawn vpn wireguard-server env WG_PROCESS_FOREGROUND=1 wireguard-go wgs0
	lab_need 5 "wireguard-go does not start" lab_wireguard_listens vpn wgs0
	lab_on vpn wg setconf wgs0 "$LAB/wgs0.conf"
	lab_address vpn wgs0 10.64.0.1/24 fd00:64::1/64
	ip -n vpn link set wgs0 mtu 1420 up
}

# What is sent to the WireGuard server is lost.
lab_server_is_dumb() {
	lab_on router nft 'table inet dumb {
		chain forward { type filter hook forward priority 0; udp dport 51820 drop; }
	}'
}

lab_server_answers() {
	lab_on router nft delete table inet dumb 2>/dev/null || :
}

# A self-signed certificate is enough: each side knows the other's fingerprint.
lab_certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
		-subj "/CN=$1" -keyout "$LAB/$1.key" -out "$LAB/$1.crt" 2>/dev/null
}

lab_openvpn_common() {
	local own=$1 other=$2
	cat <<-END
		dev-type tun
		topology subnet
		tls-crypt $LAB/tls-crypt.key
		cert $LAB/$own.crt
		key $LAB/$own.key
		peer-fingerprint $(openssl x509 -in "$LAB/$other.crt" -noout -fingerprint -sha256 | cut -d= -f2)
		data-ciphers AES-256-GCM
		disable-dco
		persist-key
		verb 3
	END
}

lab_openvpn_server() {
	local protocol=$1 proto=$2 dev=$3 net4=$4 net6=$5
	{
		lab_openvpn_common server client
		cat <<-END
			dev $dev
			proto $proto
			lport ${LAB_PORT[$protocol]}
			server $net4 255.255.255.0
			server-ipv6 $net6
			dh none
			keepalive 2 10
		END
	} >"$LAB/$protocol-server.conf"
	lab_spawn vpn "$protocol-server" openvpn --config "$LAB/$protocol-server.conf"
}

# The routes are the gate's work: the client is told to leave them alone.
lab_openvpn_client() {
	local protocol=$1 family=$2 proto=$3 server=$4
	{
		lab_openvpn_common client server
		cat <<-END
			dev ${LAB_INTERFACE[$protocol]}
			proto $proto
			remote $server ${LAB_PORT[$protocol]}
			client
			nobind
			route-noexec
			connect-retry 1 2
			connect-timeout 5
			resolv-retry 0
		END
	} >"$LAB/client/${LAB_INTERFACE[$protocol]}-$family.conf"
}

lab_openvpn_up() {
	lab_certificate server
	lab_certificate client
	openvpn --genkey secret "$LAB/tls-crypt.key"
	lab_openvpn_server openvpn-udp udp6 ovpnsu0 10.65.0.0 fd00:65::/64
	lab_openvpn_server openvpn-tcp tcp6-server ovpnst0 10.66.0.0 fd00:66::/64
	lab_openvpn_client openvpn-udp 4 udp4 "$LAB_SERVER4"
	lab_openvpn_client openvpn-udp 6 udp6 "$LAB_SERVER6"
	lab_openvpn_client openvpn-tcp 4 tcp4-client "$LAB_SERVER4"
	lab_openvpn_client openvpn-tcp 6 tcp6-client "$LAB_SERVER6"
}

# The command that runs the real client of a protocol, over IPv4 or IPv6.
lab_client_command() {
	local protocol=$1 family=$2 interface=${LAB_INTERFACE[$1]}
	case $protocol in
	wireguard)
		printf '%s/client-wireguard.sh %s %s %s 10.64.0.2/32 10.64.0.3/32 fd00:64::2/128 fd00:64::3/128\n' \
			"$LAB_HERE" "$LAB/client" "$interface" "$family"
		;;
	*)
		printf '%s/client-openvpn.sh %s %s %s\n' \
			"$LAB_HERE" "$LAB/client" "$interface" "$family"
		;;
	esac
}

# The file that the provider hands out.
lab_quick_file() {
	local interface=$1 family=$2
	sed '/^PrivateKey/r /dev/stdin' "$LAB/client/wg0-$family.conf" <<-END
		Address = 10.64.0.2/32, 10.64.0.3/32, fd00:64::2/128, fd00:64::3/128
		Interface = $interface
	END
}

# tungated's server file of a protocol. LAB_TUNNEL=own: WireGuard is its own.
lab_server_file() {
	local protocol=$1 family=$2 address=$LAB_SERVER4
	case $protocol-${LAB_TUNNEL-} in
	tungate-* | wireguard-own)
		lab_quick_file "${LAB_INTERFACE[$protocol]}" "$family"
		return
		;;
	esac
	[ "$family" = 4 ] || address="[$LAB_SERVER6]"
	cat <<-END
		[Server]
		Protocol = $protocol
		Endpoint = $address:${LAB_PORT[$protocol]}
		Interface = ${LAB_INTERFACE[$protocol]}
		Command = $(lab_client_command "$protocol" "$family")
	END
}

#
# The whole.
#

lab_is_quiet() {
	local file=/sys/class/net/lan0/statistics/rx_packets before
	before=$(lab_on router cat "$file")
	sleep 0.2
	[ "$(lab_on router cat "$file")" = "$before" ]
}

lab_up() {
	mkdir -p "$LAB/client"
	lab_hosts_up
	lab_link laptop eth0 router lan0
	lab_link router wan0 vpn eth0
	lab_link vpn inet0 internet eth0
	lab_addresses_up
	lab_nat_up
	lab_services_up
	lab_openvpn_up
	lab_wireguard_up
	lab_need 5 "the trap's web server does not start" lab_log_says router-web ready
	lab_need 5 "the web server does not start" lab_log_says internet-web ready
	lab_need 5 "OpenVPN (UDP) does not start" lab_log_says openvpn-udp-server "Initialization Sequence Completed"
	lab_need 5 "OpenVPN (TCP) does not start" lab_log_says openvpn-tcp-server "Initialization Sequence Completed"
	# Each other's addresses on the link are known before anyone looks.
	lab_on laptop ping -q -n -c 1 -W 2 "$LAB_GATEWAY4" >/dev/null
	lab_on laptop ping -q -n -c 1 -W 2 "$LAB_GATEWAY6" >/dev/null
	lab_need 5 "the laptop's link does not become quiet" lab_is_quiet
}

lab_gone() {
	! kill -0 "$1" 2>/dev/null
}

# Ends what the lab started, and only that. May be called again.
lab_down() {
	local pid host
	for pid in "${LAB_PIDS[@]}"; do
		kill -TERM "$pid" 2>/dev/null || :
	done
	for pid in "${LAB_PIDS[@]}"; do
		lab_wait_for 1 lab_gone "$pid" || kill -KILL "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	done
	LAB_PIDS=()
	for host in "${LAB_HOSTS[@]}"; do
		[ ! -e "/run/netns/$host" ] || ip netns delete "$host"
	done
}

#
# What a state allows, as filters for leakwatch. Written from the promises
# (STATES.md) and the protocols' papers, not from the gate.
#

# In every state: the link's own talk with the gateway. (No DHCP here.)
lab_legal_always() {
	local from="(src net fe80::/10 or src host $LAB_UPLINK6 or src host ::)"
	local target="(ip6[48:4] = 0xfe800000 and ip6[52:4] = 0 and ip6[56:4] = 0 and ip6[60:4] = 1)"
	target+=" or (ip6[48:4] = 0x20010db8 and ip6[52:4] = 0x00010000 and ip6[56:4] = 0 and ip6[60:4] = 1)"
	printf '%s' \
		"(arp and arp[6:2] = 1 and arp src host $LAB_UPLINK4 and arp dst host $LAB_GATEWAY4)" \
		" or (arp and arp[6:2] = 2 and arp src host $LAB_UPLINK4)" \
		" or (ip6 and ip6[6] = 58 and ip6[7] = 255 and ip6[4:2] <= 32 and ip6[41] = 0 and $from and (" \
		"(ip6[40] = 133 and dst host ff02::2)" \
		" or (ip6[40] = 135 and (dst net fe80::/10" \
		" or (($target) and (dst net ff02::1:ff00:0/104 or dst host $LAB_GATEWAY6))))" \
		" or (ip6[40] = 136 and (dst net fe80::/10 or dst host $LAB_GATEWAY6))))"
}

# The heads of datagrams: at $1 UDP's length and at $2 the payload.
lab_shape_wireguard() {
	local length=$1 type=$2
	# Data is padded to 16 bytes, but not beyond the tunnel's MTU of 1420.
	printf '%s' \
		"(($type = 0x01000000 and $length = 156) or ($type = 0x02000000 and $length = 100)" \
		" or ($type = 0x03000000 and $length = 72)" \
		" or ($type = 0x04000000 and $length >= 40 and ($length & 15 = 8 or $length = 1460)))"
}

# With --tls-crypt: control packets have 54 bytes at least, data 24.
lab_shape_openvpn() {
	local length=$1 opcode=$2
	printf '%s' \
		"((($opcode & 0xf8 = 0x20 or $opcode & 0xf8 = 0x28 or $opcode & 0xf8 = 0x18 or $opcode = 0x38) and $length >= 62)" \
		" or ($opcode & 0xf8 = 0x48 and $length >= 32))"
}

lab_legal_datagrams() {
	local shape=$1 port=$2 family=$3 bytes=4
	[ "$shape" = wireguard ] || bytes=1
	if [ "$family" = 4 ]; then
		printf '%s' "(ip[0] = 0x45 and ip[6:2] & 0x3fff = 0 and udp" \
			" and ip[2:2] - 20 = udp[4:2]" \
			" and src host $LAB_UPLINK4 and dst host $LAB_SERVER4 and dst port $port and " \
			"$("lab_shape_$shape" 'udp[4:2]' "udp[8:$bytes]"))"
	else
		printf '%s' "(ip6[6] = 17 and ip6[4:2] = ip6[44:2]" \
			" and src host $LAB_UPLINK6 and dst host $LAB_SERVER6 and ip6[42:2] = $port and " \
			"$("lab_shape_$shape" 'ip6[44:2]' "ip6[48:$bytes]"))"
	fi
}

lab_legal_stream() {
	local port=$1 family=$2
	if [ "$family" = 4 ]; then
		printf '%s' "(ip[0] = 0x45 and ip[6:2] & 0x3fff = 0 and tcp" \
			" and src host $LAB_UPLINK4 and dst host $LAB_SERVER4 and dst port $port)"
	else
		printf '%s' "(ip6[6] = 6 and src host $LAB_UPLINK6 and dst host $LAB_SERVER6 and ip6[42:2] = $port)"
	fi
}

# The filter of what may be seen: `lab_legal blocked` or `lab_legal PROTOCOL 4|6`.
lab_legal() {
	local protocol=$1 family=${2-}
	lab_legal_always
	case $protocol in
	blocked) ;;
	tungate | wireguard) printf ' or %s' "$(lab_legal_datagrams wireguard "${LAB_PORT[$protocol]}" "$family")" ;;
	openvpn-udp) printf ' or %s' "$(lab_legal_datagrams openvpn "${LAB_PORT[$protocol]}" "$family")" ;;
	openvpn-tcp) printf ' or %s' "$(lab_legal_stream "${LAB_PORT[$protocol]}" "$family")" ;;
	*) lab_die "no such protocol: $protocol" ;;
	esac
}

#
# The judge and the leaker: each reads commands from a pipe that stays open
# and answers in a log.
#

lab_talk_start() {
	local name=$1 host=$2 pipe="$LAB/$1.pipe"
	shift 2
	mkfifo "$pipe"
	ip netns exec "$host" "$@" <>"$pipe" >"$LAB/log/$name" 2>"$LAB/log/$name.errors" &
	LAB_PID=$!
	LAB_PIDS+=("$LAB_PID")
	lab_need 5 "$name does not start" lab_log_says "$name" ready
}

lab_tell() {
	# For reading, too: so it does not wait for one who has died.
	printf '%s\n' "$2" 1<>"$LAB/$1.pipe"
}

# A random mark of 16 letters, carried by every leak attempt.
LAB_CANARY=$(od -An -N8 -tx1 /dev/urandom | tr -d ' \n')
LAB_CANARY_HEX=$(printf '%s' "$LAB_CANARY" | od -An -tx1 | tr -d ' \n')

lab_judge_start() {
	lab_talk_start judge router "$LAB_BIN/leakwatch" -i lan0 -w "$1" -x "$LAB_CANARY_HEX"
	LAB_JUDGE=$LAB_PID
	LAB_EPOCHS=0 LAB_COUNTS=0
}

lab_judge_has_ended() {
	[ "$(grep -c -E '^(epoch|control) ' "$LAB/log/judge")" -ge "$1" ]
}

# lab_judge epoch|control NAME FILTER: returns when the filter is in force.
lab_judge() {
	LAB_EPOCHS=$((LAB_EPOCHS + 1))
	lab_tell judge "$*"
	lab_need 5 "the judge does not answer: $(cat "$LAB/log/judge.errors")" \
		lab_judge_has_ended "$LAB_EPOCHS"
}

lab_judge_has_counted() {
	[ "$(grep -c '^now ' "$LAB/log/judge")" -ge "$1" ]
}

# How the current epoch stands: sets LAB_FRAMES and LAB_LEAKED.
# shellcheck disable=SC2034 # they are for the caller
lab_judge_counts() {
	LAB_COUNTS=$((LAB_COUNTS + 1))
	lab_tell judge count
	lab_need 5 "the judge does not answer" lab_judge_has_counted "$LAB_COUNTS"
	read -r LAB_FRAMES LAB_LEAKED < <(awk '$1 == "now" { frames = $4; leaked = $8 }
		END { print frames, leaked }' "$LAB/log/judge")
}

# The judge's verdict on an epoch: `lab_verdict NAME frames|legal|leaked`. Epochs
# of one name, each with a filter of its own, are summed.
lab_verdict() {
	awk -v name="$1" -v what="$2" '($1 == "epoch" || $1 == "control") && $2 == name {
		for (i = 3; i < NF; i += 2) if ($i == what) { sum += $(i + 1); found = 1 }
	}
	END { if (found) print sum }' "$LAB/log/judge"
}

# Ends the capture: the judge's own exit status.
lab_judge_stop() {
	local status=0
	lab_tell judge quit
	lab_wait_for 10 lab_gone "$LAB_JUDGE" || return 1
	wait "$LAB_JUDGE" || status=$?
	return "$status"
}

# Its settings: NAME=VALUE..., see attempts.c.
lab_attempts_start() {
	lab_talk_start attempts laptop "$LAB_BIN/attempts" canary="$LAB_CANARY_HEX" "$@"
}

lab_attempts_begin() {
	lab_tell attempts "$1"
}

# Prints how many there were.
lab_attempts_end() {
	lab_need 60 "the attempts do not end" lab_log_says attempts "^total $1 "
	awk -v name="$1" '$1 == "total" && $2 == name { print $3 }' "$LAB/log/attempts"
}
