/* SPDX-License-Identifier: ISC */
/*
 * ctl_metrics: the daemon's answers as OpenMetrics text, for Prometheus and
 * what reads its format.
 *
 * Source: OpenMetrics 1.0.0 (the abstract format's names and types: "Metric
 * Types"; escaping and the last line: "Text Format").
 */
#ifndef TOOLS_CTL_METRICS_H
#define TOOLS_CTL_METRICS_H

#include <jansson.h>
#include <stdio.h>

/*
 * Print one exposition, to its "# EOF": what `status` and `stats` answered, in
 * packets, bytes and seconds. What the daemon does not know (no handshake yet)
 * has no sample. Whether it could be written is the stream's to tell.
 */
void ctl_metrics_print(const json_t *status, const json_t *stats, FILE *to);

#endif /* TOOLS_CTL_METRICS_H */
