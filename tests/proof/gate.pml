/* SPDX-License-Identifier: ISC */
/*
 * gate: two processes, three layers and one packet, with a kill at each step.
 *
 * model.sh runs it; MODEL.md says what that shows, and what is taken for
 * granted.
 *
 * Theory of operation
 *
 * The machine sends a packet. If its socket obeys the routing table, the gate's
 * rules lead it into the gate's device, or nowhere; without the rules, and for
 * a socket that is bound to an interface, it goes to the uplink. Whatever goes
 * to the uplink meets the firewall first, which knows four answers: no table
 * (all pass), closed, and "what bears the gate's mark and is encapsulated to
 * A", or B. What went into the device is taken by the worker, judged by the
 * policy it has at that moment, and sent, with the mark, to the firewall.
 *
 *	socket -> routing -+------------------------------> firewall -> leaves
 *	                   '-> device -> worker (policy) -->    |
 *
 * The parent holds the state. On an event it takes an edge from the code's own
 * table and then, as change() in control/engine.c does,
 *
 *	1. replaces the firewall, in one transaction, which may fail,
 *	2. sends the worker its policy, and waits until the worker says that it
 *	   is in force; or, after a while, kills it and waits until it is gone,
 *	3. is in the new state (`state`; the log says so),
 *	4. carries out the action: routes, device, client,
 *	5. tells everybody (`told`).
 *
 * gate_table.pml is printed for each run by model_table, from the code: the
 * edges, and which states' policy and firewall let the server's tunnel pass.
 *
 * There is at most one packet at a time: packets do not act upon each other,
 * nor upon the processes but by the time they take, and each step takes any
 * time. So what can happen to one among many can happen to this one.
 *
 * Each line that is not inside atomic { } is a step. Between any two steps the
 * parent, the worker, or both may be killed, and the parent started again; when
 * the parent dies the kernel kills the worker, a while later. While there is no
 * daemon, --lockdown and --release may run, and be killed, too.
 *
 * Beyond that one layer is out at most, OUT:
 *
 *	NOTHING   all three stand; somebody deletes the device, here and where
 *	          the firewall is out
 *	RULES     somebody flushes our routing rules, at any time
 *	WORKER    the worker is not ours any more: it sends what it likes,
 *	          with the mark, and says what it likes
 *	REFUSED   firewall transactions fail, any of them
 *	FLUSHED   somebody flushes the firewall, at any time
 *	LACKING   there is no firewall: what the two others hold alone
 *
 * PROMISES are the assertions. While an edge is under way (`moving`) it leads to
 * `to_server`, or the user has asked for that.
 *
 * 1 (STATES.md 0.1, 0.2, 2-5)  A frame that leaves is allowed by the state that
 *	was told, or by the edge under way; all are only if OPEN was told, or
 *	the parent has taken the edge to OPEN.
 * 2 (0.3)  Once no process of ours is left, no frame leaves, but for OPEN.
 * 3 (3-5)  Once a server was told, and until another edge is taken, no frame
 *	to the other leaves.
 * 4 (0.2)  While a rule of ours takes a route the firewall stands.
 * 5 (0.6)  CONNECTED is entered only on PROVEN, OPEN only on RELEASE; what
 *	keeps CONNECTED is a change of neighbour, and PROVEN.
 * 6 (0.6)  CONNECTED was not proven by a worker that is dead, when its
 *	successor was heard of.
 *
 * 7 (LIVE)  Once nobody is killed any more and nothing fails, it comes to an
 *	end only where it works: connected to A, which its user wants, with a
 *	worker, and A's tunnel passes. And it comes to an end.
 *
 * They hold for every socket under NOTHING, RULES, WORKER and REFUSED. When the
 * firewall is not there by another's hand (FLUSHED, LACKING) 1 to 3 hold for
 * sockets that obey routing, and 4 does not.
 */
#include "gate_table.pml"

#define NOTHING 0
#define RULES 1
#define WORKER 2
#define REFUSED 3
#define FLUSHED 4
#define LACKING 5

#ifndef OUT
#define OUT NOTHING
#endif
/*
 * A mistake that the promises must find. model.sh names them; 0: none. With one
 * the world does less, so that it is found sooner.
 */
#ifndef BUG
#define BUG 0
#endif
/* A thing that must be possible, or the promises would be kept by nothing. */
#ifndef WITNESS
#define WITNESS 0
#endif

/* Servers. As a policy, and as what the firewall lets out: that one's tunnel. */
#define NOBODY 0
#define A 1
#define B 2

/* The firewall beside that: closed is NOBODY. */
#define NO_TABLE 3
#define BOTH 4 /* only of a mistake */

/* What a packet is. */
#define TO_A 1	/* encapsulated to A: address, port, shape */
#define TO_B 2
#define PLAIN 3 /* anything else */

/* Where our rules lead what obeys them. */
#define NOT_OURS 0    /* to the uplink, as the machine would */
#define UNREACHABLE 1 /* nowhere */
#define TO_DEVICE 2   /* to the device if it is there, or nowhere */

#define NO_EVENT 255

/* Where the packet is. */
#define NOWHERE 0
#define UPLINK 1 /* routed, before the firewall, without the mark */
#define QUEUE 2	 /* in the device */
#define HAND 3	 /* the worker's, not judged */
#define JUDGED 4 /* the worker's, passed, before the firewall */

/* Messages to the worker. */
#define POLICY 1
#define DEVICE 2

/* What everybody was told last. Nobody has to be alive for that. */
byte told = GATE_OPEN, told_server = NOBODY;
/* The edge under way. */
bool moving;
byte to_server;

/* The kernel: outlives every process. */
byte firewall = NO_TABLE;
byte rules = NOT_OURS;
bool device;
bool lacking; /* no firewall, and that is not our doing */

/* The parent. */
bool parent;		/* lives */
byte state = GATE_OPEN; /* what it is in, or was when it died */
byte to;		/* what the edge leads to */
byte chosen;		/* the server to be with */
byte kept;		/* policy that a new worker gets first */
bool kept_device;
byte sent;	/* number of the last message that must be in force */
bool committed; /* the last transaction was */
bool failed;	/* it is going to end */
bool ready_due; /* word of a new worker */
bool proof;	/* the server was heard; only while calm */

/* The worker. */
bool worker; /* lives */
bool doomed; /* SIGKILL is on its way */
bool stale;  /* it is another one that had proven the tunnel */
byte policy; /* what its pump judges by */
bool pumps;  /* it has the device */
byte w_kind, w_value, w_number; /* the message it is at; no kind: none */
bool w_done; /* in force, not said yet */
byte said;   /* number that it said last */
chan to_worker = [4] of { byte, byte, byte };

/* The packet. */
byte at = NOWHERE, what;
bool bound; /* its socket to an interface */
bool early; /* routed when it was allowed to leave */

/* From now on no faults, and a user who wants A. Only where LIVE. */
bool calm;

#define engaged(s) \
	((s) == GATE_CONNECTING || (s) == GATE_CONNECTED || \
	(s) == GATE_RECONNECTING)

/* STATES.md 1 to 5. */
#define allows(s, server) \
	((s) == GATE_OPEN || (engaged(s) && what == (server)))

#define promised() \
	(allows(told, told_server) || state == GATE_OPEN || \
	(moving && what == to_server))

#define lacks_firewall() \
	(OUT == LACKING || lacking)

#define may_lack_firewall() \
	(OUT == LACKING || OUT == FLUSHED)

#define not_promised() \
	(lacks_firewall() && at == UPLINK && (bound || early))

#define firewall_passes() \
	(firewall == NO_TABLE || (at == JUDGED && \
	((firewall != NOBODY && what == firewall) || \
	(firewall == BOTH && (what == TO_A || what == TO_B)))))

/* The packet meets the firewall; if it passes it leaves. */
inline meet_firewall()
{
	if
	:: firewall_passes() ->
		/* 1 */
		assert(promised() || not_promised());
		/* 2 */
		assert(parent || worker || state == GATE_OPEN ||
		    told == GATE_OPEN || not_promised());
		/* 3 */
		assert(moving || state == GATE_OPEN || !engaged(told) ||
		    what == told_server || not_promised());
#if WITNESS == 1
		assert(!(told == GATE_CONNECTED && told_server == B && !moving));
#elif WITNESS == 2
		assert(!(moving && told_server == A && what == TO_A &&
		    to_server == B));
#elif WITNESS == 3
		assert(!(told == GATE_RECONNECTING && !moving));
#elif WITNESS == 4
		assert(parent || state == GATE_OPEN || told == GATE_OPEN);
#elif WITNESS == 5
		assert(!(parent && told == GATE_OPEN && what == PLAIN &&
		    !moving && worker));
#endif
		proof = proof || (calm && at == JUDGED && what == told_server &&
		    engaged(told) && !moving)
	:: else
#if WITNESS == 6
		assert(!(at == UPLINK && told == GATE_CONNECTED && worker &&
		    rules == TO_DEVICE && !moving))
#endif
	fi;
	at = NOWHERE; what = 0; bound = false; early = false
}

/*
 * The parent's means.
 */

/* `parent` last: the parent itself goes no further from there. */
inline kill_parent()
{
#if BUG == 16
	firewall = NO_TABLE;
#endif
#if BUG == 17
	device = false;
#endif
	doomed = worker;
	if
	:: !worker -> moving = false; to_server = 0
	:: else
	fi;
	parent = false
}

#if BUG == 1
#define one_step
#else
#define one_step atomic
#endif

inline commit(rule)
{
#if BUG == 1
	firewall = NO_TABLE;
#endif
	atomic {
		if
		:: OUT == LACKING -> committed = true
		:: OUT == REFUSED && !calm -> committed = false
		:: OUT != LACKING ->
			firewall = rule;
			lacking = false;
			committed = true
		fi
	}
}

/* OPEN, and to stay so: nothing of ours is there. */
inline apply_firewall(s)
{
	one_step {
		plan = plan_firewall(s, chosen);
		if
		:: s == GATE_OPEN && !kept_device -> committed = true
		:: else -> commit(plan)
		fi;
		plan = 0
	}
}

inline apply_routes()
{
#if BUG == 15
	rules = NOT_OURS;
#endif
	atomic { committed = false; rules = TO_DEVICE }
}

inline send(kind, value)
{
	if
	:: worker -> sent++; to_worker!kind, value, sent
	:: else
	fi
}

/* Until all that was sent is in force, or there is no worker. */
inline await()
{
#if BUG == 6
	skip
#else
	do
	:: atomic { !worker -> break }
	:: atomic { worker && said == sent -> sent = 0; said = 0; break }
	:: atomic { worker && said != sent && !calm ->
		/* Time is up. */
#if BUG == 8
		break
#elif BUG == 9
		doomed = true; break
#else
		doomed = true; !worker -> break
#endif
	   }
	od
#endif
}

inline publish(s)
{
	/* Before it is sent: a worker that dies over it has a successor. */
	atomic {
		plan = plan_policy(s, chosen);
#if BUG != 4
		kept = plan;
#endif
		send(POLICY, plan);
#if BUG != 4
		plan = 0;
#endif
		committed = false
	};
	await()
#if BUG == 4
	;
	if
	:: worker -> kept = plan
	:: else
	fi
#endif
}

inline give_device(on)
{
	atomic { kept_device = on; send(DEVICE, on) };
	await()
}

inline spawn(is_anew)
{
	atomic {
		worker = true;
		sent = 1; said = 0;
		to_worker!POLICY, kept, sent;
		if
		:: kept_device -> sent++; to_worker!DEVICE, true, sent
		:: else
		fi;
		ready_due = is_anew
	}
}

/*
 * Firewall and refusal first: they need no device. The worker of a daemon that
 * was killed may still have that.
 */
inline take(is_start)
{
#if BUG == 25
	rules = UNREACHABLE;
#endif
#if BUG == 20
	if
	:: firewall == NO_TABLE -> apply_firewall(GATE_BLOCKED)
	:: else -> committed = true
	fi;
#else
	apply_firewall(GATE_BLOCKED);
#endif
	if
#if BUG != 12
	:: !committed -> failed = true
#else
	:: false
#endif
	:: else ->
		rules = UNREACHABLE;
#if BUG == 18
		device = true;
		if
		:: is_start -> kept_device = true
		:: else -> give_device(true)
		fi
#else
		atomic { !is_start || !worker -> device = true };
		give_device(true)
#endif
	fi
}

inline give_back()
{
	give_device(false);
#if BUG == 3
	commit(NO_TABLE);
#endif
	atomic { device = false;
		if
		:: at == QUEUE -> at = NOWHERE; what = 0
		:: else
		fi };
	rules = NOT_OURS;
#if BUG != 3
	/* Last. If it fails it stays, and the user hears of that. */
	commit(NO_TABLE)
#endif
}

inline replan()
{
	if
	:: kept_device -> apply_firewall(state); apply_routes()
	:: else
	fi
}

inline carry_out()
{
	if
	:: act == ACT_GIVE_BACK -> chosen = NOBODY; give_back()
	:: act == ACT_CLOSE ->
		chosen = NOBODY;
		if
		:: !kept_device -> take(false)
		:: else
		fi;
		if
		:: !failed -> replan()
		:: else
		fi
	:: act == ACT_REPLAN -> replan()
	:: act == ACT_NONE
	fi
}

inline tell(s)
{
	atomic {
		told = s;
		if
		:: engaged(s) -> told_server = chosen
		:: else -> told_server = NOBODY
		fi;
		moving = false; to_server = 0
	}
}

inline enter()
{
	atomic { stale = stale && to == GATE_CONNECTED; state = to }
}

/* What happens to a user who wants A, while all is calm. */
#ifdef LIVE
#define works() \
	(parent && worker && state == GATE_CONNECTED && told == state && \
	chosen == A && proof)

#define is_dialling() \
	(chosen == A && (state == GATE_CONNECTING || state == GATE_RECONNECTING))
#define want_event() \
	(!engaged(state) || chosen != A || (is_dialling() && proof))

inline want(e)
{
	if
	:: state == GATE_OPEN -> e = EV_BLOCK
	:: state == GATE_BLOCKED || (engaged(state) && chosen == B) ->
		e = EV_CONNECT
	:: else -> e = EV_PROVEN
	fi;
	proof = false
}
#endif

/* Which edge? Of a connect the server is chosen here, and told to nobody. */
inline choose_edge()
{
	gate_edge(state, ev, to, act);
#if BUG == 22
	if
	:: engaged(state) && ev == EV_TUNNEL_CHANGED -> to = GATE_CONNECTED
	:: else
	fi;
#elif BUG == 24
	if
	:: state == GATE_CONNECTED && ev == EV_WORKER_STARTED ->
		to = GATE_CONNECTED
	:: else
	fi;
#endif
	/* 5 */
	assert(to != GATE_CONNECTED || ev == EV_PROVEN ||
	    (state == GATE_CONNECTED && ev == EV_NEIGHBOUR_CHANGED));
	assert(to != GATE_OPEN || state == GATE_OPEN || ev == EV_RELEASE);
	if
	:: act == ACT_REFUSE -> to = 0
	:: else ->
		moving = true;
		before = chosen;
		if
		:: ev == EV_CONNECT -> chosen = A
		:: ev == EV_CONNECT && !calm -> chosen = B
		:: ev == EV_PROVEN -> stale = !worker
		:: ev != EV_CONNECT && ev != EV_PROVEN
		fi;
		if
		:: engaged(to) -> to_server = chosen
		:: else
		fi
	fi;
	/* What differs no more is one state to the search. */
	if
	:: ev != EV_CONNECT || act == ACT_REFUSE -> ev = NO_EVENT
	:: else
	fi;
	if
	:: act == ACT_DIAL -> act = ACT_REPLAN
	:: else
	fi
}

/* A mistake is made in these edges, and the others are as they should be. */
#if BUG == 2 || BUG == 7 || BUG == 11
#define is_wrong() engaged(state)
#else
#define is_wrong() false
#endif

inline take_edge()
{
	/* No memory for a policy. */
	if
	:: atomic { engaged(to) && !calm ->
		to = GATE_BLOCKED; act = ACT_CLOSE }
	:: true
	fi;
	if
#if BUG == 2
	:: is_wrong() ->
		apply_firewall(to);
		tell(to);
		publish(to);
		enter();
		carry_out()
#elif BUG == 7
	:: is_wrong() ->
		publish(to);
		tell(to);
		apply_firewall(to);
		enter();
		carry_out()
#elif BUG == 11
	:: is_wrong() ->
		if
		:: engaged(to) && told_server != to_server -> commit(BOTH)
		:: else -> apply_firewall(to)
		fi;
		publish(to);
		enter();
		tell(to);
		carry_out()
#endif
	:: !is_wrong() ->
		apply_firewall(to);
#if BUG == 13
		if
		:: committed -> publish(to)
		:: else
		fi;
#else
		publish(to);
#endif
		enter();
#if BUG == 14
		tell(state);
#endif
		carry_out();
		/* What could not be closed is not said to be. */
		if
#if BUG == 23
		:: failed -> tell(state); atomic { kill_parent() }
#else
		:: failed -> atomic { kill_parent() }
#endif
		:: else -> tell(state)
		fi
	fi
}

/* The only place that changes the state. */
inline change()
{
	if
	:: ev == EV_CONNECT ->
		if
		/* It has an address that no server can have. */
		:: atomic { !calm -> chosen = before; moving = false;
			to_server = 0; act = ACT_REFUSE }
		/* Or else engine_connect() looks, for that server; so does
		 * try_way(), for another of its ways. */
		:: true -> apply_firewall(state)
		fi
	:: else
	fi;
	if
	:: act != ACT_REFUSE -> take_edge()
	:: else
	fi;
	atomic { ev = NO_EVENT; act = 0; to = 0; before = 0; committed = false }
}

/*
 * Closed before anything else, whatever was left.
 */
inline start()
{
#if BUG == 5
	commit(NO_TABLE);
#endif
	take(true);
	if
	:: failed -> atomic { kill_parent() }
	:: else
	fi;
#if BUG != 20
	apply_firewall(GATE_BLOCKED);
#endif
	apply_routes();
	atomic { state = GATE_BLOCKED; tell(GATE_BLOCKED) };
	atomic { !worker -> spawn(false) }
}

/* After a last edge, to OPEN or to BLOCKED, as any other. */
inline stop()
{
	if
	:: state == GATE_OPEN -> give_back()
	:: state == GATE_BLOCKED -> give_device(false)
	fi;
	atomic { kill_parent() }
}

/* Without a daemon, by hand: `parent` is this process then. */
inline lock_down()
{
	commit(NOBODY);
	if
	:: committed && OUT != LACKING ->
		rules = UNREACHABLE;
		/* MODEL.md: the firewall alone stops the worker of before. */
		atomic { !worker || !may_lack_firewall() ->
			state = GATE_BLOCKED; tell(GATE_BLOCKED) }
	/* It goes on, but says that the machine is not wholly closed. */
	:: else -> atomic { rules = UNREACHABLE; lacking = firewall == NO_TABLE }
	fi
}

inline release()
{
	state = GATE_OPEN;
	device = false;
	rules = NOT_OURS;
	commit(NO_TABLE);
	told = GATE_OPEN; told_server = NOBODY
}

active proctype Parent()
{
	byte ev, act, plan, before;

dead:
	atomic { !parent ->
		parent = true; failed = false; committed = false;
		kept = NOBODY; kept_device = false; chosen = NOBODY;
		ready_due = false; stale = false;
		ev = NO_EVENT; act = 0; to = 0; plan = 0;
		before = 0 };
	{
#if BUG == 0 && !defined(LIVE)
		if
		:: lock_down(); atomic { kill_parent() }
		:: release(); atomic { kill_parent() }
		:: true
		fi;
#endif
		start();
		do
		:: atomic { !calm -> some_event(ev); choose_edge() };
		   change()
#if BUG == 0 && !defined(LIVE)
		:: atomic { state == GATE_OPEN || state == GATE_BLOCKED -> skip };
		   stop()
#endif
#ifdef LIVE
		:: atomic { calm && worker && want_event() ->
			want(ev); choose_edge() };
		   change()
#endif
#if BUG != 19
		:: atomic { !worker -> spawn(true) }
#endif
		:: atomic { worker && ready_due && said == sent ->
			ready_due = false;
#if BUG != 26
			ev = EV_WORKER_STARTED; choose_edge()
#else
			act = ACT_REFUSE
#endif
		   };
		   change()
		/* What another changed is put back; what failed, tried again. */
		:: kept_device && (rules != TO_DEVICE || (OUT != LACKING &&
		    firewall != plan_firewall(state, chosen))) ->
			replan()
		/* Whoever took the device away will do so again. */
		:: atomic { kept_device && !device -> kill_parent() }
		:: atomic { worker && sent > 0 && said == sent ->
			sent = 0; said = 0 }
		od
	} unless { !parent -> goto dead }
}

/*
 * The worker.
 */

inline die()
{
	worker = false; doomed = false; policy = NOBODY; pumps = false;
	w_kind = 0; w_value = 0; w_number = 0; w_done = false;
	sent = 0; said = 0;
	stale = (state == GATE_CONNECTED || to == GATE_CONNECTED);
#if BUG != 21
	do
	:: nempty(to_worker) -> to_worker?_, _, _
	:: empty(to_worker) -> break
	od;
#endif
	if
	:: at == HAND || at == JUDGED -> at = NOWHERE; what = 0
	:: else
	fi;
	/* What was under way is so no more, with the last of the two. */
	if
	:: !parent -> moving = false; to_server = 0
	:: else
	fi
}

/* Control: one message after the other. */
active proctype Control()
{
	do
	:: atomic { worker && doomed -> die() }
	:: atomic { worker && OUT != WORKER && w_kind == 0 &&
	    nempty(to_worker) ->
		to_worker?w_kind, w_value, w_number;
#if BUG == 10
		said = w_number
#endif
	   }
	:: atomic { worker && w_done ->
		said = w_number;
		w_kind = 0; w_value = 0; w_number = 0; w_done = false }
	/* Not ours any more: says what is awaited. */
	:: atomic { OUT == WORKER && worker && nempty(to_worker) ->
		to_worker?_, _, said }
	od
}

/* A new policy, or the device, before each batch; then all of the batch. */
active proctype Pump()
{
	do
	:: atomic { worker && w_kind == POLICY && !w_done && at != HAND &&
	    at != JUDGED ->
		policy = w_value; w_done = true }
	:: atomic { worker && w_kind == DEVICE && !w_done && at != HAND &&
	    at != JUDGED ->
		pumps = w_value; w_done = true }
	:: atomic { worker && OUT != WORKER && pumps && device && at == QUEUE &&
	    (w_kind == 0 || w_done) ->
		at = HAND }
	:: atomic { worker && at == HAND ->
		if
		:: policy != NOBODY && what == policy -> at = JUDGED
		:: else -> at = NOWHERE; what = 0
		fi }
	:: atomic { worker && at == JUDGED -> meet_firewall() }

	/* Not ours any more: sends what it likes. */
	:: atomic { OUT == WORKER && worker && !calm && at == NOWHERE ->
		select(what : TO_A .. PLAIN);
		at = JUDGED;
		meet_firewall() }
	od
}

/*
 * Everything else.
 */

/* Any program, by any socket. LIVE: only the server's client, once calm. */
active proctype Machine()
{
	do
#ifdef LIVE
	:: atomic { at == NOWHERE && calm && engaged(told) && !proof ->
		what = told_server;
#else
	:: atomic { at == NOWHERE ->
		select(what : TO_A .. PLAIN);
		if
		:: bound = true
		:: bound = false
		fi;
#endif
		if
		:: bound || rules == NOT_OURS -> at = UPLINK
#if BUG == 17
		:: !bound && rules == TO_DEVICE && !device -> at = UPLINK
#endif
		:: !bound && rules == TO_DEVICE && device && OUT != WORKER ->
			at = QUEUE
		:: else -> what = 0; bound = false
		fi;
		/* Asked of only where the firewall may not be there. */
		bound = bound && may_lack_firewall();
		early = at == UPLINK && may_lack_firewall() && promised() }
	:: atomic { at == UPLINK -> meet_firewall() }
	od
}

active proctype Fate()
{
	do
#ifdef LIVE
	:: !calm -> calm = true
	/* 7 */
	:: atomic { calm && timeout -> assert(works()) }
#endif
	:: atomic { parent && !calm -> kill_parent() }
	:: atomic { worker && !calm -> die() }
	:: atomic { device && (OUT == NOTHING || may_lack_firewall()) &&
	    BUG == 0 && !calm ->
		device = false;
		if
		:: at == QUEUE -> at = NOWHERE; what = 0
		:: else
		fi }
	:: atomic { OUT == RULES && rules != NOT_OURS && !calm ->
		rules = NOT_OURS }
	:: atomic { OUT == FLUSHED && firewall != NO_TABLE && !calm ->
		firewall = NO_TABLE; lacking = true }
	/* 4 */
	:: atomic { rules != NOT_OURS && firewall == NO_TABLE &&
	    !lacks_firewall() -> assert(false) }
	/* 6 */
	:: atomic { stale && parent && worker && !ready_due && !moving &&
	    state == GATE_CONNECTED -> assert(false) }
	od
}

#ifdef LIVE
/* 7 */
ltl comes_back { (<> calm) -> <> [] works() }
#endif
