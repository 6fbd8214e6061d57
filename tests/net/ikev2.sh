# SPDX-License-Identifier: ISC
# shellcheck shell=bash
#
# ikev2: Debian's strongSwan in the lab, as server and as tungated's client. To
# be sourced after gate.sh.

# shellcheck disable=SC2034,SC2154 # of lab.sh
LAB_INTERFACE[ikev2]=ipsec0

# ikev2_side NAME OWN OTHER CONNECTION-SETTINGS CHILD-SETTINGS
ikev2_side() {
	cat >"$LAB/client/$1.conf" <<-END
		connections {
			lab {
				version = 2
				encap = yes
				proposals = aes128-sha256-ecp256
				dpd_delay = 2s
				$4
				local {
					auth = psk
					id = $2
				}
				remote {
					auth = psk
					id = $3
				}
				children {
					net {
						esp_proposals = aes128gcm16
						$5
					}
				}
			}
		}
		pools {
			four {
				addrs = 10.67.0.2/32
			}
			six {
				addrs = fd00:67::2/128
			}
		}
		secrets {
			ike-lab {
				secret = "only in this lab"
			}
		}
	END
}

ikev2_up() {
	ikev2_side server vpn laptop "pools = four, six" "local_ts = 0.0.0.0/0, ::/0"
	ikev2_side client laptop vpn "remote_addrs = $LAB_SERVER4
				vips = 0.0.0.0, ::" "remote_ts = 0.0.0.0/0, ::/0
						start_action = start"
	lab_spawn vpn ikev2-server "$LAB_HERE/client-ikev2.sh" "$LAB/client" server
	lab_need 10 "strongSwan does not start" lab_log_says ikev2-server "loaded connection"
	lab_need 10 "its device does not come" ip -n vpn link show ipsec0
	ip -n vpn route add 10.67.0.2/32 dev ipsec0
	ip -n vpn -6 route add fd00:67::2/128 dev ipsec0
	lab_on vpn nft insert rule inet vpn forward iifname ipsec0 oifname inet0 accept
	cat >"$LAB/servers/ikev2.conf" <<-END
		[Server]
		Protocol = ikev2
		Endpoint = $LAB_SERVER4
		Interface = ipsec0
		Command = $LAB_HERE/client-ikev2.sh $LAB/client client
	END
}
