# SPDX-License-Identifier: ISC
#
# metrics: is what `tungatectl metrics` prints OpenMetrics, and is it what
# `tungatectl --json stats` says? Read by Prometheus's own strict reader.
#
#	metrics.py STATE [WITH-PEERS] -- CTL...		CTL: tungatectl and its options
import json
import subprocess
import sys

from prometheus_client.openmetrics import parser


def ask(ctl, *words):
    return subprocess.run([*ctl, *words], check=True, capture_output=True, text=True).stdout


def counted(stats):
    """A counter's sample, as (name, labels), to its value."""
    ret = {
        ("tungate_kernel_packets_total", ()): stats["kernel"]["packets"],
        ("tungate_kernel_dropped_packets_total", ()): stats["kernel"]["dropped"],
    }
    for path, counts in (("gate", stats), ("tunnel", stats["tunnel"])):
        at = ("path", path)
        ret["tungate_passed_packets_total", (at,)] = counts["passed"]
        ret["tungate_passed_bytes_total", (at,)] = counts["bytes_passed"]
        for reason, n in counts["dropped"].items():
            ret["tungate_dropped_packets_total", (at, ("reason", reason))] = n
    return ret


def main():
    split = sys.argv.index("--")
    words, ctl = sys.argv[1:split], sys.argv[split + 1 :]
    state, with_peers = words[0], len(words) > 1

    before = counted(json.loads(ask(ctl, "--json", "stats")))
    text = ask(ctl, "metrics")
    after = counted(json.loads(ask(ctl, "--json", "stats")))

    samples = {}
    for family in parser.text_string_to_metric_families(text):
        for s in family.samples:
            samples[s.name, tuple(sorted(s.labels.items()))] = s.value

    states = {l[0][1]: v for (n, l), v in samples.items() if n == "tungate_state"}
    assert len(states) == 5 and sum(states.values()) == 1, states
    assert states[state] == 1, states
    assert len(before) > 30, before
    for key, least in before.items():
        assert least <= samples[key] <= after[key], (key, least, samples[key], after[key])
    peers = {n: v for (n, _), v in samples.items() if n.startswith("tungate_peer_")}
    assert bool(peers) == with_peers, peers
    if with_peers:
        assert peers["tungate_peer_sent_bytes_total"] > 0, peers
        assert peers["tungate_peer_received_bytes_total"] > 0, peers
        assert 0 < peers["tungate_peer_round_trip_seconds"] < 10, peers
        assert 0 <= peers["tungate_peer_handshake_age_seconds"] < 300, peers


main()
