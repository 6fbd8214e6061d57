/* SPDX-License-Identifier: ISC */
/*
 * layers: the daemon with layers left out, to see what each stops alone: for
 * tests only.
 *
 * The linker puts these functions before those of the same name (--wrap). The
 * layers that TUNGATE_LAYERS names (routing, firewall, classifier) work as
 * ever. Without its layer the machine keeps its routes; there is no firewall;
 * the gate passes whatever it gets, as soon as its policy has an endpoint.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "datapath/classify.h"
#include "datapath/policy.h"
#include "src/os/firewall.h"
#include "src/os/returnpath.h"
#include "src/os/routes.h"

/* clang-format off */ /* the linker's names */
int __real_firewall_open(const struct uplink_sender *gate, struct firewall **ret);
int __wrap_firewall_open(const struct uplink_sender *gate, struct firewall **ret);
int __real_routes_apply(struct routes *r, const struct routes_plan *plan, struct routes_found *ret);
int __wrap_routes_apply(struct routes *r, const struct routes_plan *plan, struct routes_found *ret);
int __real_returnpath_apply(struct returnpath *r, const struct returnpath_plan *plan);
int __wrap_returnpath_apply(struct returnpath *r, const struct returnpath_plan *plan);
void __real_classify_batch(const struct pktbuf in[], unsigned n, const struct policy *pol,
    struct streams *streams, struct verdict ret[]);
void __wrap_classify_batch(const struct pktbuf in[], unsigned n, const struct policy *pol,
    struct streams *streams, struct verdict ret[]);
/* clang-format on */

static bool
has_layer(const char *name)
{
	const char *layers = getenv("TUNGATE_LAYERS");

	return layers == NULL || strstr(layers, name) != NULL;
}

int
__wrap_firewall_open(const struct uplink_sender *gate, struct firewall **ret)
{
	return has_layer("firewall") ? __real_firewall_open(gate, ret)
				     : -EPROTONOSUPPORT;
}

int
__wrap_routes_apply(struct routes *r, const struct routes_plan *plan,
    struct routes_found *ret)
{
	return has_layer("routing") ? __real_routes_apply(r, plan, ret) : 0;
}

int
__wrap_returnpath_apply(struct returnpath *r,
    const struct returnpath_plan *plan)
{
	return has_layer("routing") ? __real_returnpath_apply(r, plan) : 0;
}

void
__wrap_classify_batch(const struct pktbuf in[], unsigned n,
    const struct policy *pol, struct streams *streams, struct verdict ret[])
{
	if (has_layer("classifier") || pol->n_endpoints == 0) {
		__real_classify_batch(in, n, pol, streams, ret);
		return;
	}
	for (unsigned i = 0; i < n; i++)
		ret[i] = (struct verdict){ .why = PASSED, .endpoint = 0 };
}
