"""Medians, targets and the table."""

import statistics

GB = 1e9
LARGE_ROWS_CPU = 0.6
SMALL_FILES_FASTER = 1.1
SHARE_OF_CEILING = 0.8
MOST_MIB = 300
MOST_SLOWDOWN_PERCENT = 5.0


def rows(samples):
    """One row for each server, case, phase and tool: medians over the rounds."""
    found = []
    for (server, case, phase, tool), runs in samples.items():
        middle = lambda field: statistics.median(run[field] for run in runs)
        row = {"server": server, "case": case.name, "phase": phase, "tool": tool, "runs": len(runs),
               "wallSeconds": round(middle("wallSeconds"), 3), "startSeconds": round(middle("startSeconds"), 3),
               "cpuSecondsPerGB": round(middle("cpuSeconds") / (case.bytes / GB), 3),
               "peakMiB": round(middle("peakMiB"), 1)}
        if tool == "vl" and all("noticeSeconds" in run for run in runs):
            row["noticeSeconds"] = round(middle("noticeSeconds"), 3)
        if all("bare" in run for run in runs):
            bare = lambda field: statistics.median(run["bare"][field] for run in runs)
            row["withoutDigest"] = {"wallSeconds": round(bare("wallSeconds"), 3),
                                    "cpuSecondsPerGB": round(bare("cpuSeconds") / (case.bytes / GB), 3)}
        found.append(row)
    return found


def promises(document):
    """Rows of (what, measured, limit, broken); only what was measured is judged."""
    by = {(r["server"], r["case"], r["phase"], r["tool"]): r for r in document["rows"]}
    found = []

    def judge(what, measured, limit, most=True):
        broken = measured > limit if most else measured < limit
        found.append({"what": what, "measured": round(measured, 3), "limit": round(limit, 3),
                      "atMost": most, "broken": broken})

    for (server, case, phase, tool), row in by.items():
        if tool != "vl":
            continue
        small = case.endswith("KiB")
        where = f"{server} {case} {phase}"
        others = [by[key] for other in ("rclone", "awscli") if (key := (server, case, phase, other)) in by]
        if others:
            best = min(other["wallSeconds"] for other in others)
            judge(f"{where}: speed over the better of the two", best / row["wallSeconds"],
                  SMALL_FILES_FASTER if small else 1.0, most=False)
            if not small:
                cheapest = min(other["cpuSecondsPerGB"] for other in others)
                judge(f"{where}: CPU over the cheaper of the two", row["cpuSecondsPerGB"] / cheapest, LARGE_ROWS_CPU)
        judge(f"{where}: peak MiB", row["peakMiB"], MOST_MIB)
        ceiling = by.get((server, case, phase, "ceiling"))
        # What did not change is read and compared, not sent: there is no ceiling for that.
        if ceiling and phase != "changed":
            judge(f"{where}: share of the ceiling", ceiling["wallSeconds"] / row["wallSeconds"],
                  SHARE_OF_CEILING, most=False)
    slow = document.get("slowdown")
    if slow:
        of = {(row["tool"], row["rateMB"]): row for row in slow["rows"]}
        for (tool, rate), row in of.items():
            if tool != "vl":
                continue
            judge(f"slowdown of a script at {rate} MB/s, %", row["percent"], MOST_SLOWDOWN_PERCENT)
            if ("rclone", rate) in of:
                judge(f"the same over rclone's, percentage points, beyond both intervals",
                      row["low"] - of["rclone", rate]["high"], 0.0)
    return found


def table(document):
    lines = ["{cores} cores, load {loadBefore} before and {loadAfter} after; data on {directory}".format(**document["machine"])]
    lines += [f"{name}: {version}" for name, version in document["versions"].items()]
    lines += [f"{name}: {' '.join(flags)}" for name, flags in document["flags"].items()]
    lines += ["skipped: " + text for text in document["skipped"]]
    lines.append("")
    lines.append(f"{'server':<8} {'case':<12} {'phase':<8} {'tool':<8} {'wall s':>8} {'start s':>8} {'CPU s/GB':>9} {'peak MiB':>9}")
    for row in document["rows"]:
        lines.append("{server:<8} {case:<12} {phase:<8} {tool:<8} {wallSeconds:>8.2f} {startSeconds:>8.2f} "
                     "{cpuSecondsPerGB:>9.2f} {peakMiB:>9.0f}".format(**row)
                     + ("  (without the digest {wallSeconds:.2f} s, {cpuSecondsPerGB:.2f})".format(**row["withoutDigest"])
                        if "withoutDigest" in row else ""))
    if document.get("slowdown"):
        lines.append("")
        for row in document["slowdown"]["rows"]:
            lines.append("script beside {tool} at {rateMB} MB/s: {percent:+.1f} % a step (95 %: {low:+.1f} to {high:+.1f}), "
                         "its CPU {cpuPercent:+.1f} % ({cpuLow:+.1f} to {cpuHigh:+.1f}), {pairs} pairs, CPU of the server {serverCpuPercent:.0f} % of a core, of the uploader "
                         "{uploaderCpuPercent:.0f} %".format(**row))
        lines.append(document["slowdown"]["conditions"])
    lines.append("")
    for row in document["promises"]:
        lines.append("{:<72} {:>8.2f} {} {:<6g} {}".format(
            row["what"], row["measured"], "<=" if row["atMost"] else ">=", row["limit"],
            "BROKEN" if row["broken"] else "kept"))
    return "\n".join(lines)
