"""Percentiles, the promises, the table and the document."""

import math

TICK = 1.0  # the embedded plane's watchdog looks once a second
CALL = 1.0  # one list of the local provider and one write, at most
MB = 1_000_000 / (1 << 20)  # the promises say MB, the figures are MiB


def percentile(values, percent):
    """Nearest rank: a value that was measured, never one in between."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)]


def spread(values):
    return {
        "count": len(values),
        "mean": round(sum(values) / len(values), 3),
        "p50": round(percentile(values, 50), 3),
        "p99": round(percentile(values, 99), 3),
        "max": round(max(values), 3),
    }


def fence_bound(kind, lease):
    """Most seconds from death to fence that the design allows."""
    return TICK + CALL if kind == "confirmed" else 1.5 * lease + TICK + CALL


def promises(document):
    """Rows of (figure, measured, limit, unit, where promised); limit None where nothing is promised."""
    rows = []

    def row(figure, measured, limit, unit, source):
        if measured is not None:
            rows.append({"figure": figure, "measured": measured, "limit": limit, "unit": unit, "source": source,
                         "broken": limit is not None and measured > limit})

    submit = document["submitToFirstLineSeconds"]
    row("submit to first line, warm, p50", submit["p50"], 3.0, "s", "issue: at most 3 s")
    row("submit to first line, warm, p99", submit["p99"], None, "s", "")
    for one in document["deathToFenceSeconds"]["classes"]:
        name = "death to fence, {class}, {beatSeconds}/{leaseSeconds} s".format(**one)
        limit = fence_bound(one["class"], one["leaseSeconds"])
        source = ("design: one tick (1 s here) + one call (1 s)" if one["class"] == "confirmed"
                  else "design: lease + half a lease, + tick + call")
        row(name + ", p50", one["p50"], None, "s", "")
        row(name + ", p99", one["p99"], limit, "s", source)
    for one in document["deathToResumedLineSeconds"]["classes"]:
        name = "death to resumed line, {class}, {beatSeconds}/{leaseSeconds} s".format(**one)
        row(name + ", p50", one["p50"], None, "s", "")
        row(name + ", p99", one["p99"], None, "s", "")
    row("vl --help, whole process, p50", document["cliHelpSeconds"], 0.4, "s", "issue: at most 0.4 s")
    row("vl ps, whole process, p50", document["cliPsSeconds"], 0.7, "s", "issue: at most 0.7 s")
    row("idle plane, all processes, resident", document["idleRssMiB"], round(450 * MB, 1), "MiB", "issue: at most 450 MB")
    row("idle plane, all processes, CPU", document["idleCpuPercent"], 3.0, "% of a core", "issue: under 3 %")
    agent = document["agent"]
    row("agent, resident at most", agent["peakRssMiB"], round(120 * MB, 1), "MiB", "issue: at most 120 MB")
    row("agent, CPU until the script starts, p50", agent["startCpuSeconds"]["p50"], 0.6, "s", "issue: at most 0.6 s")
    row("resumed from another step than the pointer's", document["wrongResumes"], 0, "attempts", "law: only the pointer")
    row("deaths that were taken for another kind", document["otherKind"], 0, "deaths", "")
    return rows


def table(document):
    lines = []
    machine = document["machine"]
    lines.append("{cores} cores, load {loadBefore} before and {loadAfter} after, {java}".format(**machine))
    lines.append("")
    width = max(len(row["figure"]) for row in document["promises"])
    for row in document["promises"]:
        measured = "{:.0f}".format(row["measured"]) if isinstance(row["measured"], int) else "{:.2f}".format(row["measured"])
        limit = "" if row["limit"] is None else "<= {:g}".format(row["limit"])
        verdict = "" if row["limit"] is None else ("BROKEN" if row["broken"] else "kept")
        lines.append(
            "{:<{width}}  {:>8} {:<11} {:>7}  {:<6}  {}".format(
                row["figure"], measured, row["unit"], limit, verdict, row["source"], width=width
            ).rstrip()
        )
    for name, key in (("submit to first line", "submitPhasesSeconds"), ("fence to resumed line", "resumePhasesSeconds")):
        lines.append("")
        lines.append("where the time goes, " + name + " (p50, s)")
        for phase, seconds in document[key].items():
            lines.append("  {:<52} {:>6.2f}".format(phase, seconds))
    lines.append("")
    lines.append("idle was measured for {idleSeconds:.0f} s after the last job{}".format(
        "; the promise is about ten minutes" if document["idleSeconds"] < 600 else "", **document))
    return "\n".join(lines)
