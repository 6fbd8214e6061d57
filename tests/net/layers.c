/* SPDX-License-Identifier: ISC */
/*
 * layers: the daemon with layers left out, to see what each stops alone, or on
 * a kernel that can do less: for tests only.
 *
 * The linker puts these functions before those of the same name (--wrap). The
 * layers that TUNGATE_LAYERS names (routing, firewall, classifier) work as
 * ever. Without its layer the machine keeps its routes; there is no firewall;
 * the gate passes whatever it gets, as soon as its policy has an endpoint.
 *
 * What TUNGATE_LACKS names is refused as a kernel does that has it not: `all`
 * (hooks of all devices, before 6.16), `owner` (tables with an owner, before
 * 6.9), `egress` (before 5.16), `hook` (the same, with the error of a device
 * that is not there). `vanish`: one of the devices always goes before it is
 * hooked.
 */
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "datapath/classify.h"
#include "datapath/policy.h"
#include "src/os/firewall.h"
#include "src/os/nft_linux.h"
#include "src/os/returnpath.h"
#include "src/os/routes.h"

/* clang-format off */ /* the linker's names */
int __real_firewall_open(const struct uplink_sender *gate, bool held, struct firewall **ret);
int __wrap_firewall_open(const struct uplink_sender *gate, bool held, struct firewall **ret);
int __real_routes_apply(struct routes *r, const struct routes_plan *plan, struct routes_found *ret);
int __wrap_routes_apply(struct routes *r, const struct routes_plan *plan, struct routes_found *ret);
int __real_returnpath_apply(struct returnpath *r, const struct returnpath_plan *plan);
int __wrap_returnpath_apply(struct returnpath *r, const struct returnpath_plan *plan);
void __real_classify_batch(const struct pktbuf in[], unsigned n, const struct policy *pol,
    struct streams *streams, struct verdict ret[]);
void __wrap_classify_batch(const struct pktbuf in[], unsigned n, const struct policy *pol,
    struct streams *streams, struct verdict ret[]);
void __real_nft_new_table(struct nft *n, uint32_t family, const char *name, uint32_t flags);
void __wrap_nft_new_table(struct nft *n, uint32_t family, const char *name, uint32_t flags);
void __real_nft_new_chain(struct nft *n, const char *name, const struct nft_hook *hook);
void __wrap_nft_new_chain(struct nft *n, const char *name, const struct nft_hook *hook);
int __real_nft_commit(struct nft *n);
int __wrap_nft_commit(struct nft *n);
/* clang-format on */

static bool
has_layer(const char *name)
{
	const char *layers = getenv("TUNGATE_LAYERS");

	return layers == NULL || strstr(layers, name) != NULL;
}

int
__wrap_firewall_open(const struct uplink_sender *gate, bool held,
    struct firewall **ret)
{
	return has_layer("firewall") ? __real_firewall_open(gate, held, ret)
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

/*
 * An older kernel.
 */

static int refusal; /* of the batch that is put together */

static bool
lacks(const char *what)
{
	const char *all = getenv("TUNGATE_LACKS");

	return all != NULL && strstr(all, what) != NULL;
}

void
__wrap_nft_new_table(struct nft *n, uint32_t family, const char *name,
    uint32_t flags)
{
	if (flags != 0 && lacks("owner"))
		refusal = -EOPNOTSUPP;
	__real_nft_new_table(n, family, name, flags);
}

void
__wrap_nft_new_chain(struct nft *n, const char *name,
    const struct nft_hook *hook)
{
	if (hook != NULL && hook->all_devices && lacks("all"))
		refusal = -EINVAL;
	/* Of the inet family's hooks none has this number. */
	if (hook != NULL && hook->number == NF_NETDEV_EGRESS &&
	    hook->devices != NULL && lacks("egress"))
		refusal = -EOPNOTSUPP;
	if (hook != NULL && hook->devices != NULL &&
	    (lacks("hook") || (lacks("vanish") && hook->devices[1][0] != '\0')))
		refusal = -ENOENT;
	__real_nft_new_chain(n, name, hook);
}

int
__wrap_nft_commit(struct nft *n)
{
	int r = refusal;

	refusal = 0;
	return r < 0 ? r : __real_nft_commit(n);
}
