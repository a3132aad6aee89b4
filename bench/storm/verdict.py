"""The promises, the table and what each line means."""

ENOUGH = 20  # interruptions: the bound is one of means, and few of them say nothing about it


def promises(document):
    """Rows of (figure, measured, limit, unit, where promised); limit None where nothing is promised."""
    rows = []

    def row(figure, measured, limit, unit, source, least=False):
        broken = limit is not None and (measured < limit if least else measured > limit)
        rows.append({"figure": figure, "measured": measured, "limit": limit, "unit": unit, "source": source,
                     "broken": broken, "least": least})

    row("jobs that succeeded", document["succeeded"], document["jobs"], "jobs", "every one", least=True)
    row("final weights unlike their uninterrupted twin", document["mismatchedWeights"], 0, "jobs", "")
    row("broken invariants, commits after a fence", document["brokenInvariants"], 0, "", "vl check, commit times")
    row("processes left behind", document["leakedProcesses"], 0, "", "/proc: marks, working directory")
    row("instances not confirmed gone", document["leakedInstances"], 0, "", "vl check")
    row("reservations not released", document["unreleasedReservations"], 0, "", "vl check")
    row("work repeated, of all steps", round(100 * document["repeatedWorkShare"], 2),
        round(100 * document["repeatedWorkBound"], 2) if document["interruptions"] >= ENOUGH else None,
        "%", "interruptions x cadence")
    row("faults that the bench could not do", document["benchTroubles"], 0, "", "the bench's own")
    row("kills", document["kills"], None, "", "")
    row("attempts that ended early, having trained", document["interruptions"], None, "", "")
    row("checkpoints condemned", document["condemned"], None, "", "")
    row("checkpoints of closed epochs that were salvaged", document["salvaged"], None, "", "")
    row("hosts that woke after the job moved on", document["zombiesFenced"], None, "", "")
    row("hosts paused for four minutes and not fenced", document["silenceHeldBack"], None, "", "breaker, watchdog's absence")
    row("times a command found the plane dead", document["planeRevivals"], None, "", "")
    return rows


def table(document):
    machine = document["machine"]
    lines = [
        "{cores} cores, load {loadBefore} before and {loadAfter} after, {java}".format(**machine),
        "{concurrent} jobs at a time for {minutes:g} minutes, seed {seed}; {seconds:.0f} s with the tail".format(**document),
        "",
    ]
    rows = document["promises"]
    width = max(len(row["figure"]) for row in rows)
    for row in rows:
        measured = f"{row['measured']:.2f}" if isinstance(row["measured"], float) else str(row["measured"])
        limit = "" if row["limit"] is None else (">= " if row["least"] else "<= ") + f"{row['limit']:g}"
        verdict = "" if row["limit"] is None else "BROKEN" if row["broken"] else "kept"
        lines.append(f"{row['figure']:<{width}}  {measured:>7} {row['unit']:<5} {limit:>9}  {verdict:<6}  {row['source']}".rstrip())
    lines += ["", f"{'fault':<24} {'done':>5} {'nobody fit':>11}"]
    for kind in sorted({*document["faults"], *document["missedFaults"]}):
        lines.append(f"{kind:<24} {document['faults'].get(kind, 0):>5} {document['missedFaults'].get(kind, 0) or '':>11}".rstrip())
    lines += ["", f"{'steps lost to':<24} {'times':>5} {'mean':>7} {'p50':>5} {'max':>5}   (one interval: {document['cadenceSteps']})"]
    for kind, lost in document["stepsLost"].items():
        lines.append(f"{kind:<24} {lost['count']:>5} {lost['mean']:>7.1f} {lost['p50']:>5} {lost['max']:>5}")
    lines += ["", "pieces that met weather: " + ", ".join(f"{k} {n}" for k, n in document["proxy"]["met"].items())]
    lines += ["attempts: " + ", ".join(f"{k} {n}" for k, n in document["attempts"].items())]
    if not document["ownDisk"]:
        lines += ["the disk was never filled: no mount namespace can be had here"]
    lines += [""] * bool(document["troubles"]) + document["troubles"]
    return "\n".join(lines)
