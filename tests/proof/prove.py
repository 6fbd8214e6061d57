#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""prove: judge() of prove_classify.c, all its runs at once, as questions to Z3.

    prove.py IR.ll short|slow [--endpoints N] [--find I] [--len MAX]

A bounded model checker for the LLVM IR that clang makes of the sources. Loops
are unrolled until no run goes around once more; where two ways meet, values are
merged under the conditions that led there. So nothing is sampled and no run is
left out. What it shows and what it takes for granted: README.md.
"""
import argparse
import os
import re
import sys
import time

import z3

sys.setrecursionlimit(100000)
UNROLL_MAX = 140    # more than bytes in a packet
PTR = "ptr"


class Unsupported(Exception):
    pass


def bv(n, bits):
    return z3.BitVecVal(n, bits)


MEANING = {}    # name: (variable, what it stands for)
MEMO = {}       # values()
WEIGHT_MAX = 20


def weight(e, most):
    """Nodes of e, written out; more than most, if there are more."""
    n, args = 1, e.num_args()
    if args >= most:
        return most + 1
    for i in range(args):
        if n > most:
            break
        n += weight(e.arg(i), most - n)
    return n


def simp(e):
    """e simplified; a large one gets a name, or each step would go through
    all that was before it."""
    e = z3.simplify(e)
    if weight(e, WEIGHT_MAX) <= WEIGHT_MAX:
        return e
    name = f"t{len(MEANING)}"
    if z3.is_bool(e):
        t = z3.Bool(name)
    else:
        t = z3.BitVec(name, e.size())
        MEMO[t.get_id()] = (t, values(e))
    MEANING[name] = (t, e)
    return t


def num(e):
    return e.as_long() if z3.is_bv_value(e) else None


TRUE, FALSE = z3.BoolVal(True), z3.BoolVal(False)


def conj(*c):
    return simp(z3.And(*c))


# --- types -----------------------------------------------------------------


class Types:
    """Sizes and places, as the x86-64 ABI has them (clang pads explicitly)."""

    def __init__(self):
        self.named = {}

    def parse(self, s):
        t, rest = self._one(s.strip())
        if rest.strip():
            raise Unsupported("type " + s)
        return t

    def _list(self, s, end):
        out = []
        s = s.strip()
        while not s.startswith(end):
            t, s = self._one(s)
            out.append(t)
            s = s.strip()
            if s.startswith(","):
                s = s[1:].strip()
        return tuple(out), s[len(end):]

    def _one(self, s):
        s = s.strip()
        if s.startswith("{"):
            fields, s = self._list(s[1:], "}")
            t = ("struct", fields)
        elif s.startswith("["):
            m = re.match(r"\[(\d+) x ", s)
            e, s = self._one(s[m.end():])
            t = ("array", int(m[1]), e)
            s = s.strip()[1:]
        elif s.startswith("%"):
            m = re.match(r"%[\w.]+", s)
            t, s = ("name", m[0]), s[m.end():]
        else:
            m = re.match(r"i(\d+)|void", s)
            if not m:
                raise Unsupported("type " + s)
            t, s = ("void" if m[0] == "void" else int(m[1])), s[m.end():]
        while s.startswith("*"):
            t, s = PTR, s[1:]
        return t, s

    def real(self, t):
        while isinstance(t, tuple) and t[0] == "name":
            t = self.named[t[1]]
        return t

    def align(self, t):
        t = self.real(t)
        if t == PTR:
            return 8
        if isinstance(t, int):
            return max(1, t // 8)
        if t[0] == "array":
            return self.align(t[2])
        return max([self.align(f) for f in t[1]] + [1])

    def size(self, t):
        t = self.real(t)
        if t == PTR:
            return 8
        if isinstance(t, int):
            return (t + 7) // 8
        if t[0] == "array":
            return t[1] * self.size(t[2])
        end = self.field(t, len(t[1]))
        a = self.align(t)
        return (end + a - 1) // a * a

    def field(self, t, n):
        at = 0
        for i, f in enumerate(t[1]):
            a = self.align(f)
            at = (at + a - 1) // a * a
            if i == n:
                return at
            at += self.size(f)
        return at


# --- the program -----------------------------------------------------------


class Function:
    def __init__(self, name, ret, params):
        self.name, self.ret, self.params = name, ret, params
        self.blocks, self.first = {}, None

    def successors(self, b):
        return re.findall(r"label %([\w.]+)", self.blocks[b][-1])

    def order(self):
        """Blocks by strongly connected component, then in reverse postorder."""
        post, seen = [], set()

        def walk(b):
            seen.add(b)
            for s in self.successors(b):
                if s not in seen:
                    walk(s)
            post.append(b)

        walk(self.first)
        rpo = {b: i for i, b in enumerate(reversed(post))}
        reach = {}
        for b in rpo:
            todo, r = [b], set()
            while todo:
                for s in self.successors(todo.pop()):
                    if s not in r:
                        r.add(s)
                        todo.append(s)
            reach[b] = r
        loop = {b: frozenset(x for x in reach[b] if b in reach[x]) | {b}
                for b in rpo}
        comps = []
        for b in sorted(rpo, key=rpo.get):
            if loop[b] not in comps:
                comps.append(loop[b])
        # Topologically: what reaches another comes before it.
        ordered = sorted(comps, key=lambda c: -len(
            set().union(*(reach[b] | {b} for b in c))))
        place = {c: i for i, c in enumerate(ordered)}
        self.rpo = rpo
        self.liveness()
        self.comp = {b: place[loop[b]] for b in rpo}


    def liveness(self):
        """What is still read in a block or after it: the rest need not be
        merged."""
        known = set(self.params)
        for lines in self.blocks.values():
            known |= {x.split(" = ")[0][1:] for x in lines if " = " in x}
        use, phis = {}, {}
        for b, lines in self.blocks.items():
            use[b], phis[b], defined = set(), set(), set()
            for line in lines:
                names = set(re.findall(r"%([\w.]+)", line)) & known
                to = line.split(" = ")[0][1:] if " = " in line else None
                if " = phi " in line:
                    phis[b] |= known & set(re.findall(
                        r"%([\w.]+)", line.split(" = phi ")[1]))
                else:
                    use[b] |= names - defined - {to}
                defined.add(to)
            use[b] |= {x for x in defined if x and " = phi " in "".join(
                y for y in lines if y.startswith(f"%{x} = "))}
        self.live = use
        changed = True
        while changed:
            changed = False
            for b in self.blocks:
                own = {x.split(" = ")[0][1:] for x in self.blocks[b]
                       if " = " in x}
                new = set(use[b])
                for n in self.successors(b):
                    gone = {x.split(" = ")[0][1:] for x in self.blocks[n]
                            if " = phi " in x}
                    new |= (use[n] - gone - own) | (phis[n] - own)
                if new != use[b]:
                    use[b], changed = new, True


def read_program(path):
    types, functions, f, constants = Types(), {}, None, {}
    text = open(path, encoding="ascii").read()
    text = re.sub(r"\[\n(.*?)\n\s*\]", lambda m: "[" + m[1].replace("\n", " ")
                  + "]", text, flags=re.S)      # a switch on one line
    for line in text.split("\n"):
        line = re.sub(r", ?!.*$", "", line)
        line = re.sub(r"(^|\s);.*$", "", line).rstrip()
        if m := re.match(r"(%[\w.]+) = type (.*)", line):
            types.named[m[1]] = types.parse(m[2])
        elif m := re.match(r"(@[\w.]+) = .*constant %union.anon { i16 (\d+) }",
                           line):
            constants[m[1]] = int(m[2])
        elif m := re.match(r"define (.*?)@([\w.]+)\((.*)\)[^)]*{$", line):
            params = [re.search(r"%([\w.]+)$", p)[1]
                      for p in split_args(m[3]) if p]
            ret = types.parse(strip_attrs(m[1]))
            f = functions[m[2]] = Function(m[2], ret, params)
            at = None
        elif line == "}":
            f.order()
            f = None
        elif f is not None and (m := re.match(r"([\w.]+):", line)):
            at = m[1]
            f.blocks[at] = []
            f.first = f.first or at
        elif f is not None and line.strip():
            f.blocks[at].append(line.strip())
    return types, functions, constants


def split_args(s):
    out, depth, cur = [], 0, ""
    for c in s:
        depth += c in "([{"
        depth -= c in ")]}"
        if c == "," and depth == 0:
            out.append(cur.strip())
            cur = ""
        else:
            cur += c
    return out + ([cur.strip()] if cur.strip() else [])


def strip_attrs(s):
    s = re.sub(r"\b(internal|dso_local|zeroext|signext|noundef|nonnull|noalias|"
               r"nocapture|readonly|immarg|(sret|byval)\([^)]*\)|align \d+|"
               r"dereferenceable\(\d+\))(?=\s|$)", "", s)
    return s.strip()


# --- values and memory -----------------------------------------------------


class Ptr:
    """One of several places: [(condition, object or None, offset)]."""

    def __init__(self, alts):
        merged = {}
        for c, o, off in alts:
            if z3.is_false(c):
                continue
            k = (o.name if o else None, off.get_id())
            if k in merged:
                c = simp(z3.Or(c, merged[k][0]))
            merged[k] = (c, o, off)
        self.alts, loose = [], {}
        for c, o, off in merged.values():
            if o and num(off) is None:
                loose.setdefault(o.name, []).append((c, o, off))
            else:
                self.alts.append((c, o, off))
        # One place that varies, rather than many that are each known by a
        # term of its own.
        for same in loose.values():
            c, o, off = same[0]
            for d, _, f in same[1:]:
                c, off = simp(z3.Or(c, d)), simp(z3.If(d, f, off))
            self.alts.append((c, o, off))

    def plus(self, n):
        return Ptr([(c, o, simp(off + n)) for c, o, off in self.alts])

    def number(self):
        e = bv(0, 64)
        for c, o, off in self.alts:
            e = z3.If(c, (bv(o.base, 64) if o else bv(0, 64)) + off, e)
        return simp(e)


NULL = Ptr([(TRUE, None, bv(0, 64))])


def ite(c, a, b):
    if a is b or z3.is_true(c):
        return a
    if z3.is_false(c):
        return b
    if isinstance(a, Ptr):
        return Ptr([(conj(c, x), o, f) for x, o, f in a.alts] +
                   [(conj(z3.Not(c), x), o, f) for x, o, f in b.alts])
    return a if a.eq(b) else simp(z3.If(c, a, b))


class Object:
    count = 0

    def __init__(self, name, data, limit=None):
        Object.count += 1
        self.name, self.data = f"{name}#{Object.count}", data
        self.limit = bv(len(data), 64) if limit is None else limit
        self.base = Object.count << 32
        self.ptrs = {}


def unknown(name, n):
    return [z3.BitVec(f"{name}[{i}]", 8) for i in range(n)]


def values(e, cap=70):
    """What e may be, as a set of numbers, if they are few; else None."""
    k = e.get_id()
    if k not in MEMO:
        MEMO[k] = (e, _values(e, cap))  # holds e, so that its id stays its own
    return MEMO[k][1]


def _values(e, cap):
    n = num(e)
    if n is not None:
        return {n}
    op, ch = e.decl().kind(), e.children()
    mask = (1 << e.size()) - 1
    if op == z3.Z3_OP_ITE:
        a, b = values(ch[1]), values(ch[2])
        out = a | b if a and b else None
    elif op in (z3.Z3_OP_BADD, z3.Z3_OP_BMUL, z3.Z3_OP_CONCAT):
        sets = [values(c) for c in ch]
        if not all(sets):
            return None
        out = sets[0]
        for c, s in zip(ch[1:], sets[1:]):
            if len(out) * len(s) > 4096:
                return None
            if op == z3.Z3_OP_BADD:
                out = {(x + y) & mask for x in out for y in s}
            elif op == z3.Z3_OP_BMUL:
                out = {(x * y) & mask for x in out for y in s}
            else:
                out = {x << c.size() | y for x in out for y in s}
    elif op in (z3.Z3_OP_ZERO_EXT, z3.Z3_OP_EXTRACT):
        s = values(ch[0])
        if not s:
            return None
        lo = e.params()[1] if op == z3.Z3_OP_EXTRACT else 0
        out = {x >> lo & mask for x in s}
    else:
        return None
    return out if out and len(out) <= cap else None


class Packet(Object):
    """Nothing writes to it, so what was read once need not be read again."""

    def __init__(self, most, limit):
        super().__init__("packet", unknown("packet", most), limit)
        self.seen = {}

    def select(self, off, n):
        b = [self.byte(simp(off + k)) for k in reversed(range(n))]
        return b[0] if n == 1 else simp(z3.Concat(*b))

    def byte(self, off):
        """A tree of choices by the bits of the place. A place outside was
        asked about before (Machine.bound), so here it may give anything."""
        if num(off) is not None:
            return self.data[num(off) % len(self.data)]
        if off.get_id() not in self.seen:
            level, bit = self.data, 0
            while len(level) > 1:
                c = z3.Extract(bit, bit, off) == 1
                level = [z3.If(c, level[i + 1], level[i])
                         if i + 1 < len(level) else level[i]
                         for i in range(0, len(level), 2)]
                bit += 1
            name = f"read{len(self.seen)}"
            t = z3.BitVec(name, 8)
            MEANING[name] = (t, level[0])
            self.seen[off.get_id()] = (off, t)
        return self.seen[off.get_id()][1]


NAMES = {}


def names(e):
    """The variables in e."""
    k = e.get_id()
    if k not in NAMES:
        if e.num_args() == 0:
            n = set() if z3.is_bv_value(e) or z3.is_true(e) or \
                z3.is_false(e) else {str(e)}
        else:
            n = set().union(*(names(x) for x in e.children()))
        NAMES[k] = (e, n)
    return NAMES[k][1]


class Machine:
    def __init__(self, program, given, packet):
        self.packet = packet
        self.assumed = {}    # function: its result, or None for any
        self.types, self.functions, self.constants = program
        self.given = given
        self.wrong = []         # (what, condition under which it goes wrong)
        self.loops = {}
        self.globals = {}
        for name, n in self.constants.items():
            self.globals[name] = Object(name, [bv(n & 255, 8), bv(n >> 8, 8)])

    def check(self, c):
        """Is there a run for which c holds? At first the solver is told only
        the nearest of what c depends on: what it is not told leaves more runs,
        so if there is none even then, there is none."""
        for most in (20, 200, None):
            s, whole = self.solver(c, most)
            answer = s.check()
            if answer == z3.unsat or whole:
                return answer, s

    def solver(self, c, most):
        s = z3.SolverFor("QF_BV")
        todo, seen = [c], set()
        for e in todo:      # grows: the nearest first
            s.add(e)
            if most is not None and len(todo) > most:
                continue
            for name in names(e) - seen:
                seen.add(name)
                if name in MEANING:
                    t, d = MEANING[name]
                    todo.append(t == d)
        for g in self.given:
            if names(g) <= seen:
                s.add(g)
        return s, most is None or len(todo) <= most

    def possible(self, c):
        return not z3.is_false(c) and self.check(c)[0] != z3.unsat

    def must(self, what, guard, ok):
        bad = conj(guard, z3.Not(ok))
        if not z3.is_false(bad):
            self.wrong.append((what, bad))

    def bound(self, what, guard, c, o, off, n):
        self.must(what + ": out of bounds", conj(guard, c),
                  z3.And(z3.UGE(o.limit, n), z3.ULE(off, o.limit - n)))

    def places(self, what, guard, alts, n):
        """Where n bytes at these may be: (condition, object, offset)."""
        for c, o, off in alts:
            g = conj(guard, c)
            if o is None:
                self.must(what + ": no object", g, FALSE)
                continue
            if n == 0:
                continue
            if len(o.data) < n:
                self.must(what + ": out of bounds", g, FALSE)
                continue
            self.bound(what, guard, c, o, off, n)
            v = values(off)
            if v is None:
                v = range(0, len(o.data) - n + 1)
            for x in v:
                if x + n <= len(o.data):
                    here = TRUE if len(v) == 1 else off == bv(x, 64)
                    yield g, here if z3.is_true(c) else z3.And(c, here), o, x

    def load_bytes(self, what, guard, ptr, n):
        by_value = {}
        alts = []
        for c, o, off in ptr.alts:
            if o is self.packet and num(off) is None:
                self.bound(what, guard, c, o, off, n)
                v = o.select(off, n)
                by_value.setdefault(v.get_id(), (v, []))[1].append(c)
            else:
                alts.append((c, o, off))
        for _, c, o, x in self.places(what, guard, alts, n):
            val = o.data[x] if n == 1 else z3.Concat(
                *reversed(o.data[x:x + n]))
            val = simp(val)
            by_value.setdefault(val.get_id(), (val, []))[1].append(c)
        items = list(by_value.values())
        if not items:
            return bv(0, 8 * n)
        out = items[-1][0]
        for val, cs in items[:-1]:
            out = z3.If(cs[0] if len(cs) == 1 else z3.Or(*cs), val, out)
        return simp(out)

    def store_bytes(self, what, guard, ptr, n, val):
        for _, c, o, x in list(self.places(what, guard, ptr.alts, n)):
            g = conj(guard, c)
            for k in range(n):
                b = simp(z3.Extract(8 * k + 7, 8 * k, val))
                o.data[x + k] = ite(g, b, o.data[x + k])

    def load(self, what, guard, t, ptr):
        t = self.types.real(t)
        if t != PTR:
            n = self.types.size(t)
            v = self.load_bytes(what, guard, ptr, n)
            return v if t == 8 * n else simp(z3.Extract(t - 1, 0, v))
        out = None
        for _, c, o, x in self.places(what, guard, ptr.alts, 8):
            p = o.ptrs.get(x, NULL)
            out = p if out is None else ite(c, p, out)
        return out

    def store(self, what, guard, t, ptr, val):
        t = self.types.real(t)
        if t != PTR:
            n = self.types.size(t)
            if t != 8 * n:
                val = z3.ZeroExt(8 * n - t, val)
            self.store_bytes(what, guard, ptr, n, val)
            return
        for _, c, o, x in list(self.places(what, guard, ptr.alts, 8)):
            o.ptrs[x] = ite(conj(guard, c), val, o.ptrs.get(x, NULL))

    # --- one function, all its runs

    def operand(self, t, s, env):
        t = self.types.real(t)
        if s.startswith("%"):
            return env[s[1:]]
        if t == PTR:
            if s == "null":
                return NULL
            if s.startswith("@"):
                return Ptr([(TRUE, self.globals[s], bv(0, 64))])
            if m := re.match(r"getelementptr inbounds \((.*)\)$", s):
                return self.element(split_args(m[1]), env)
        elif s == "undef":
            Object.count += 1
            return z3.BitVec(f"undef{Object.count}", t)
        elif s in ("true", "false"):
            return bv(int(s == "true"), 1)
        elif re.match(r"-?\d+$", s):
            return bv(int(s), t)
        raise Unsupported(f"operand {t} {s}")

    def typed(self, s, env):
        s = strip_attrs(s)
        m = re.match(r"(.*?)\s+(%[\w.]+|@[\w.]+|-?\d+|true|false|null|undef|"
                     r"getelementptr.*)$", s)
        if not m:
            raise Unsupported("operand " + s)
        return self.operand(self.types.parse(m[1]), m[2], env)

    def element(self, parts, env):
        t = self.types.parse(parts[0])
        p = self.typed(parts[1], env)
        for i, part in enumerate(parts[2:]):
            n = self.typed(part, env)
            if n.size() < 64:
                n = z3.SignExt(64 - n.size(), n)
            if i == 0:
                p = p.plus(n * self.types.size(t))
                continue
            t = self.types.real(t)
            if t[0] == "array":
                t = t[2]
                p = p.plus(n * self.types.size(t))
            else:
                k = num(simp(n))
                p = p.plus(bv(self.types.field(t, k), 64))
                t = t[1][k]
        return p

    def call(self, name, args, guard):
        f = self.functions[name]
        env = dict(zip(f.params, args))
        pending = {f.first: [(guard, env, 0)]}
        result, ended = None, FALSE
        while pending:
            b = min(pending, key=lambda x: (
                f.comp[x], min(i[2] for i in pending[x]), f.rpo[x]))
            ins = pending.pop(b)
            guard, env, turn = ins[0]
            for g, e, n in ins[1:]:
                env = {k: ite(g, v, env[k]) for k, v in e.items()
                       if k in env and k in f.live[b]}
                guard, turn = simp(z3.Or(g, guard)), max(turn, n)
            if z3.is_false(guard):
                continue
            for line in f.blocks[b][:-1]:
                if " = phi " not in line:
                    self.step(f, line, env, guard)
            end = f.blocks[b][-1]
            if end.startswith("ret"):
                if f.ret != "void":
                    v = self.typed(end[4:], env)
                    result = v if result is None else ite(guard, v, result)
                ended = simp(z3.Or(ended, guard))
                continue
            if end == "unreachable":
                self.must(name + ": unreachable", guard, FALSE)
                continue
            for to, c in self.branches(end, env).items():
                g = conj(guard, c)
                back = f.comp[to] == f.comp[b] and f.rpo[to] <= f.rpo[b]
                n = turn + back
                if back and n % 16 == 0 and not self.possible(g):
                    continue
                if back:
                    self.loops[name] = max(self.loops.get(name, 0), n)
                    if n > UNROLL_MAX:
                        raise Unsupported(f"{name}: a loop without a bound")
                if z3.is_false(g):
                    continue
                pending.setdefault(to, []).append(
                    (g, self.enter(f, b, to, env), n))
        return result

    def branches(self, end, env):
        out = {}

        def add(to, c):
            out[to] = z3.Or(out[to], c) if to in out else c

        if m := re.match(r"br label %([\w.]+)$", end):
            add(m[1], TRUE)
        elif m := re.match(r"br i1 (\S+), label %([\w.]+), label %([\w.]+)$",
                           end):
            c = self.operand(1, m[1], env) == 1
            add(m[2], c)
            add(m[3], z3.Not(c))
        elif m := re.match(r"switch (i\d+) (\S+), label %([\w.]+) \[(.*)\]",
                           end):
            v = self.operand(self.types.parse(m[1]), m[2], env)
            other = TRUE
            for n, to in re.findall(r"i\d+ (-?\d+), label %([\w.]+)", m[4]):
                c = v == bv(int(n), v.size())
                add(to, c)
                other = z3.And(other, z3.Not(c))
            add(m[3], other)
        else:
            raise Unsupported(end)
        return out

    def enter(self, f, b, to, env):
        new = dict(env)
        for line in f.blocks[to]:
            m = re.match(r"%([\w.]+) = phi (.*?) \[ (.*) \]$", line)
            if not m:
                break
            for v, at in re.findall(r"(\S+), %([\w.]+)(?: \]|$)",
                                    m[3].replace("[ ", "") + " ]"):
                if at == b:
                    new[m[1]] = self.phi(m[2], v, env)
        return new

    def phi(self, t, v, env):
        t = self.types.parse(t)
        if v == "undef":
            return NULL if t == PTR else bv(0, t)
        return self.operand(t, v, env)

    def step(self, f, line, env, guard):
        m = re.match(r"(?:%([\w.]+) = )?(?:tail )?(\w+) ?(.*)$", line)
        to, op, rest = m[1], m[2], m[3]
        r = getattr(self, "do_" + op, None)
        if r is None:
            raise Unsupported(line)
        v = r(rest, env, guard, f"{f.name}: {line.split(',')[0]}")
        if to:
            env[to] = v

    def do_alloca(self, rest, env, guard, what):
        n = self.types.size(self.types.parse(split_args(rest)[0]))
        o = Object("local", [])
        o.data, o.limit = unknown(o.name, n), bv(n, 64)
        return Ptr([(TRUE, o, bv(0, 64))])

    def do_getelementptr(self, rest, env, guard, what):
        return self.element(split_args(rest.replace("inbounds ", "", 1)), env)

    def do_load(self, rest, env, guard, what):
        t, p = split_args(rest)[:2]
        return self.load(what, guard, self.types.parse(t), self.typed(p, env))

    def do_store(self, rest, env, guard, what):
        v, p = split_args(rest)[:2]
        t = self.types.parse(strip_attrs(v).rsplit(" ", 1)[0])
        self.store(what, guard, t, self.typed(p, env), self.typed(v, env))

    def binary(self, rest, env, fn):
        rest = re.sub(r"^((nuw|nsw|exact) )+", "", rest)
        a, b = split_args(rest)
        a = self.typed(a, env)
        b = self.operand(a.size(), b, env)
        return simp(fn(a, b))

    def do_add(self, rest, env, *_):
        return self.binary(rest, env, lambda a, b: a + b)

    def do_sub(self, rest, env, *_):
        return self.binary(rest, env, lambda a, b: a - b)

    def do_mul(self, rest, env, *_):
        return self.binary(rest, env, lambda a, b: a * b)

    def do_and(self, rest, env, *_):
        return self.binary(rest, env, lambda a, b: a & b)

    def do_or(self, rest, env, *_):
        return self.binary(rest, env, lambda a, b: a | b)

    def do_xor(self, rest, env, *_):
        return self.binary(rest, env, lambda a, b: a ^ b)

    def do_shl(self, rest, env, *_):
        return self.binary(rest, env, lambda a, b: a << b)

    def do_lshr(self, rest, env, *_):
        return self.binary(rest, env, z3.LShR)

    def do_ashr(self, rest, env, *_):
        return self.binary(rest, env, lambda a, b: a >> b)

    def do_urem(self, rest, env, *_):
        return self.binary(rest, env, z3.URem)

    def do_sdiv(self, rest, env, *_):
        return self.binary(rest, env, lambda a, b: a / b)

    def cast(self, rest, env):
        a, t = rest.rsplit(" to ", 1)
        return self.typed(a, env), self.types.parse(t)

    def do_zext(self, rest, env, *_):
        v, t = self.cast(rest, env)
        return simp(z3.ZeroExt(t - v.size(), v))

    def do_sext(self, rest, env, *_):
        v, t = self.cast(rest, env)
        return simp(z3.SignExt(t - v.size(), v))

    def do_trunc(self, rest, env, *_):
        v, t = self.cast(rest, env)
        return simp(z3.Extract(t - 1, 0, v))

    def do_bitcast(self, rest, env, *_):
        v, t = self.cast(rest, env)
        if t != PTR:
            raise Unsupported("bitcast " + rest)
        return v

    def do_ptrtoint(self, rest, env, *_):
        return self.cast(rest, env)[0].number()

    def do_icmp(self, rest, env, *_):
        m = re.match(r"(\w+) (.*)$", rest)
        a, b = split_args(m[2])
        t = self.types.parse(a.rsplit(" ", 1)[0])
        a, b = self.typed(a, env), self.operand(t, b, env)
        if t == PTR:
            a, b = a.number(), b.number()
        c = {"eq": lambda: a == b, "ne": lambda: a != b,
             "ult": lambda: z3.ULT(a, b), "ule": lambda: z3.ULE(a, b),
             "ugt": lambda: z3.UGT(a, b), "uge": lambda: z3.UGE(a, b),
             "slt": lambda: a < b, "sle": lambda: a <= b,
             "sgt": lambda: a > b, "sge": lambda: a >= b}[m[1]]()
        return simp(z3.If(c, bv(1, 1), bv(0, 1)))

    def do_select(self, rest, env, *_):
        c, a, b = (self.typed(x, env) for x in split_args(rest))
        return ite(simp(c == 1), a, b)

    def do_call(self, rest, env, guard, what):
        m = re.match(r"(.*?)@([\w.]+)\((.*)\)", rest)
        name = m[2]
        if name.startswith("llvm.lifetime"):
            return None
        args = [self.typed(a, env) for a in split_args(m[3])]
        if name in self.assumed:
            bits = self.functions[name].ret
            if self.assumed[name] is not None:
                return bv(self.assumed[name], bits)
            Object.count += 1
            return z3.BitVec(f"any{Object.count}", bits)
        if name in self.functions:
            return self.call(name, args, guard)
        if name.startswith("llvm.bswap"):
            n = args[0].size() // 8
            return simp(z3.Concat(*[z3.Extract(8 * i + 7, 8 * i, args[0])
                                    for i in range(n)]))
        if name.startswith("llvm.memset"):
            n = num(args[2])
            self.store_bytes(what, guard, args[0], n,
                             z3.Concat(*[args[1]] * n))
            for c, o, _ in args[0].alts:
                for x, p in (o.ptrs if o else {}).items():
                    o.ptrs[x] = ite(conj(guard, c), NULL, p)
            return None
        if name.startswith("llvm.memcpy") or name == "memcmp":
            return self.block(name, what, guard, *args[:3])
        raise Unsupported(rest)

    def block(self, name, what, guard, a, b, n):
        """memcpy() and memcmp() (zero or not), of each length n may have."""
        sizes = values(n)
        if sizes is None:
            raise Unsupported(what + ": any length")
        out = bv(1, 32)
        for size in sorted(sizes):
            c = simp(n == bv(size, 64))
            g = conj(guard, c)
            if size == 0:
                out = ite(c, bv(0, 32), out)
                continue
            v = self.load_bytes(what, g, b, size)
            if name == "memcmp":
                same = self.load_bytes(what, g, a, size) == v
                out = ite(c, simp(z3.If(same, bv(0, 32), bv(1, 32))), out)
            else:
                self.store_bytes(what, g, a, size, v)
        return out


# --- the questions ---------------------------------------------------------


def any_policy(types, endpoints, find):
    """Anything, but for the number of endpoints and find[] (README.md)."""
    t = types.named["%struct.policy"]
    pol = Object("policy", unknown("policy", types.size(t)))
    # By their place in struct policy; a wrong one cannot be unrolled.
    n_endpoints, bulk, table = 5, 9, 11
    at = types.field(t, n_endpoints)
    pol.data[at:at + 4] = [bv(endpoints, 8)] + [bv(0, 8)] * 3
    for place, value in (table, find), (bulk, 0):
        at = types.field(t, place)
        for i in range(at, at + types.size(t[1][place])):
            pol.data[i] = bv(value, 8)
    return pol


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("ir")
    ap.add_argument("way", choices=["short", "slow"])
    ap.add_argument("--endpoints", type=int, default=2)
    ap.add_argument("--find", type=int, default=0)
    ap.add_argument("--len", type=int, default=128)
    a = ap.parse_args()
    start = time.monotonic()

    program = read_program(a.ir)
    types = program[0]
    length = z3.BitVec("len", 64)
    packet = Packet(a.len, length)
    pol = any_policy(types, a.endpoints, a.find)
    streams = Object("streams", unknown(
        "streams", types.size(("name", "%struct.streams"))))

    m = Machine(program, [z3.ULE(length, a.len)], packet)
    m.assumed["stream_segment"] = None
    if a.way == "short":
        m.assumed["classify_slowly"] = 0       # has a proof of its own
    said = m.call("judge", [
        Ptr([(TRUE, packet, bv(0, 64))]), length, bv(0, 64),
        Ptr([(TRUE, pol, bv(0, 64))]), Ptr([(TRUE, streams, bv(0, 64))]),
        bv(int(a.way == "slow"), 1)], TRUE)
    m.must("contract", TRUE, said != 0)

    # What was shown of a step may be used for those that follow.
    groups = {}
    for what, c in m.wrong:
        groups.setdefault(what.split(":")[0], []).append((what, c))
    for bad in groups.values():
        answer, solver = m.check(z3.Or(*[c for _, c in bad]))
        if answer != z3.unsat:
            report(answer, solver, bad, packet)
            return 1
        m.given += [z3.Not(c) for _, c in bad]
    # And it is not for want of packets that pass.
    if a.endpoints > 0 and m.check(said == 2)[0] != z3.sat:
        print("prove: no packet passes at all")
        return 1
    print(f"prove: {a.way} way, up to {a.len} bytes, {a.endpoints} endpoints, "
          f"find {a.find}: {len(m.wrong)} questions, none open; turns of the "
          f"loops: {m.loops}; {time.monotonic() - start:.0f} s")
    return 0


def report(answer, solver, bad, packet):
    if answer != z3.sat:
        print("prove: no answer:", bad[0][0])
        return
    model = solver.model()

    def value(e):
        return num(model.eval(e, model_completion=True))

    for what, c in bad:
        if z3.is_true(model.eval(c, model_completion=True)):
            print("prove: wrong:", what)
            break
    print("prove: packet:", "".join("%02x" % value(b) for b in
                                    packet.data[:value(packet.limit)]))


if __name__ == "__main__":
    try:
        status = main()
    except Unsupported as e:
        print("prove: cannot:", e)
        status = 1
    sys.stdout.flush()
    os._exit(status)    # to free each term takes as long as to make it
