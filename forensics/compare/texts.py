"""Every message of a comparison by its id, with blanks as in the causes' `TEXTS` (report/words.py fills them).

BEFORE and AFTER stand for the two bundles, as on the command line.
"""

from forensics.report.language import tr
from forensics.report.words import fill

# What an outcome is called, and what it means; the ids are those of `Outcome`.
OUTCOMES = {
    "worked": ("The remedy worked", "The evidence shows that the cause is gone."),
    "not-yet": ("Not yet", "What was done is not in force, does not last, or has had too little time to tell."),
    "did-not-work": ("The remedy did not work", "Ports are still short, or what makes them short is still at work."),
    "got-worse": ("It got worse", "Ports are shorter than before, or short where they were not."),
    "cannot-be-told": ("It cannot be told whether the remedy worked", "The two bundles do not show it."),
}

TEXTS = {
    # Whether it is one machine.
    "machine-same": "Both bundles are of {host}.",
    "machine-same-boot": "Both bundles are of {host}: the boot of {boot:utc} is in both.",
    "machine-same-redacted": "Names are replaced, but the boot of {boot:utc} is in both, on the same system.",
    "machine-other-name": "The bundles are of two machines: BEFORE of {before}, AFTER of {after}.",
    "machine-other-boot": (
        "The bundles cannot be of one machine, although both say {host}: BEFORE had been running since {before:utc}, "
        "AFTER, collected later, since {after:utc}."
    ),
    "machine-nameless": "Whether both bundles are of one machine is not known: no name is in {which}.",
    "machine-redacted": (
        "Whether both bundles are of one machine is not known: names are replaced, and no boot is in both."
    ),
    "machine-upgraded": "The system was changed in between: {before}, now {after}.",
    # Whether AFTER comes after BEFORE.
    "order-given": "AFTER was collected {apart:duration} after BEFORE.",
    "order-reversed": "AFTER was collected {apart:duration} before BEFORE: are they the wrong way round?",
    "order-same": "Both bundles hold the same collection, of {at:utc}.",
    "order-copy": "Both bundles are the same file.",
    "order-unknown": "Which of the two was collected first is not known.",
    # The answer where the bundles cannot be compared.
    "answer-other-machine": "Nothing can be said of a remedy: the bundles are of two machines.",
    "answer-machine-unknown": "Nothing can be said of a remedy: the bundles need not be of one machine.",
    "answer-reversed": "Nothing can be said of a remedy: the bundle given as AFTER is the older one.",
    "answer-same": "Nothing can be said of a remedy: both bundles hold one collection.",
    "answer-order-unknown": "Nothing can be said of a remedy: it is not known which bundle is the later one.",
    "answer-defect": "{title} could not be judged in one of the bundles, by a defect of forensics.",
    # Where BEFORE names no cause.
    "answer-unknown-before-found": (
        "BEFORE did not show the cause, so nothing can be said of a remedy. AFTER does: {title} ({status})."
    ),
    "answer-unknown-before-calm": (
        "BEFORE did not show the cause, so nothing can be said of a remedy. In AFTER ports are not short; why they "
        "were is not known."
    ),
    "answer-unknown-both": "Neither bundle shows the cause.",
    "answer-nothing-to-remedy": (
        "BEFORE was not short of ports, so there was nothing to remedy; AFTER is not short either."
    ),
    "answer-nothing-to-remedy-unknown": (
        "BEFORE was not short of ports, so there was nothing to remedy; whether AFTER is short cannot be told."
    ),
    "answer-new-trouble": "BEFORE was not short of ports. AFTER is: {title} ({status}).",
    "answer-now-short": (
        "BEFORE was not short of ports. In AFTER {share:percent} of the usable ports are taken; no cause is found."
    ),
    # What stands in the way of every "worked".
    "answer-still": "The cause is still at work: {title} ({status}).",
    "answer-worse": (
        "The cause is still at work, and it got worse: {after:percent} of the usable ports are taken, "
        "{before:percent} before. {title} ({status})."
    ),
    "answer-another": "The cause found before is not at work, but ports are short for another: {title} ({status}).",
    "answer-still-short": (
        "Ports are still short, although the cause found before is not found any more: {share:percent} of the usable "
        "ports are taken."
    ),
    "answer-unclear": "Whether the cause is still at work cannot be told from AFTER: {title}.",
    # KB2553549.
    "answer-fixed": (
        "The fix of KB2553549 is loaded in the running system: TIME_WAIT ports are released, however long it stays up."
    ),
    "answer-not-affected": "The system that runs now does not have the defect of KB2553549.",
    "answer-fixed-but-stuck": (
        "The fix of KB2553549 seems to be loaded, and yet TIME_WAIT ports are not released: {title} ({status})."
    ),
    "answer-restart-pending": (
        "The fix of KB2553549 is installed but not in force: the running system was started before it. "
        "One restart is still to come."
    ),
    "answer-restarted-unfixed": (
        "The restart gave the ports back, but the fix of KB2553549 is not there: from {wrap_at:utc} on they are stuck "
        "again. That they are released now proves nothing."
    ),
    "answer-restarted-unknown": (
        "The restart gave the ports back, but whether the fix of KB2553549 is loaded is not known: without it they are "
        "stuck again from {wrap_at:utc} on."
    ),
    "answer-nothing-done": (
        "BEFORE was collected after the restart, and nothing was done since: the fix of KB2553549 is not known to be "
        "loaded, and without it ports are stuck again from {wrap_at:utc} on."
    ),
    "answer-not-restarted": (
        "The machine has not been restarted with the fix of KB2553549: TIME_WAIT ports are still not released."
    ),
    "answer-still-approaching": (
        "Nothing has changed yet: the machine was not restarted, and without the fix of KB2553549 its ports are stuck "
        "from {wrap_at:utc} on."
    ),
    "answer-wrap-passed": (
        "The machine has passed the 497.1 days without the fix of KB2553549: TIME_WAIT ports are no longer released."
    ),
    "answer-uptime-unknown": (
        "The fix of KB2553549 is not known to be loaded, and the uptime of AFTER is not known: ports may be stuck."
    ),
    # The 248 days of TCP Chimney.
    "answer-chimney-off": "TCP Chimney is disabled, and no connection is offloaded: the 248 days do not matter.",
    "answer-chimney-restarted": (
        "The restart cured the connections, but TCP Chimney may still be used without the fix of KB2553549: "
        "from {half_at:utc} on they hang again."
    ),
    # Rates.
    "answer-carries": (
        "At the rate of BEFORE, {rate:rate}, TIME_WAIT would now hold at most {held:count} of {usable:count} usable "
        "ports, and with the others {share:percent} would be taken: the ports suffice."
    ),
    "answer-quieter": (
        "The machine opens {after:rate}; in BEFORE it was {before:rate}. A quieter hour is no cure, and "
        "nothing shows that the ports would carry the rate of BEFORE."
    ),
    "answer-rate-unknown": (
        "Ports are not short in AFTER, but how many connections were opened is not known in both bundles: it may be a "
        "quieter hour."
    ),
    "answer-not-explained": (
        "Ports are not short in AFTER, although neither the rate nor the range explains it: it may not last."
    ),
    "answer-quiet-week": (
        "Ports are not short, and Windows has logged no shortage in the {quiet:duration} before AFTER, a whole week "
        "with its busiest hour."
    ),
    # Ranges.
    "answer-range-tested": (
        "AFTER holds {held:count} ports, as many as filled the old range, and that is {share:percent} of the "
        "{usable:count} that are usable now."
    ),
    "answer-range-untested": (
        "The range is larger, {usable:count} usable ports instead of {usable_before:count}, but AFTER uses only "
        "{held:count}, which the old range carried too: it is too early to tell."
    ),
    "answer-range-same": (
        "The range is no larger than before: {usable:count} usable ports. That AFTER uses fewer may be a quieter hour."
    ),
    # Leaks.
    "answer-leak-gone": (
        "At the pace of BEFORE at least {expected:count} ports would be held after {uptime:duration} of uptime; there "
        "are {ports:count}."
    ),
    "answer-leak-gone-unless": (
        "At the pace of BEFORE at least {expected:count} ports would be held after {uptime:duration} of uptime; there "
        "are {ports:count}. That shows a cure if {owner} was not restarted in that time: a restart would have "
        "emptied it."
    ),
    "answer-leak-goes-on": (
        "The leak goes on: {ports:count} ports after {uptime:duration} of uptime ({after:growth}), which is the pace "
        "of BEFORE ({before:growth}) or faster. The restart only emptied it."
    ),
    "answer-leak-early": (
        "Too early to tell: after {uptime:duration} of uptime {ports:count} ports are held; BEFORE had "
        "{ports_before:count} after {uptime_before:duration}. A restart empties a leak, too."
    ),
    "answer-leak-age": (
        "Ports held fell from {ports_before:count} to {ports:count} without a restart of the machine. When their owner "
        "was restarted is not known, so the pace cannot be compared."
    ),
    # Troubles of a moment.
    "answer-moment": (
        "It is not seen in AFTER, but it comes and goes, and one collection without it proves nothing: {title}."
    ),
    # Reasons.
    "reason-fix-before": "Fix of KB2553549, BEFORE: {state}. {why}.",
    "reason-fix-after": "Fix of KB2553549, AFTER: {state}. {why}.",
    "reason-restarted": "The machine was restarted between the bundles: up since {after:utc}.",
    "reason-not-restarted": "The machine was not restarted between the bundles: up since {after:utc}.",
    "reason-wrap-ahead": "AFTER had been up {uptime:days}; the clock of TIME_WAIT wraps at 497.1 days.",
    "reason-wrap-past": "AFTER had been up {uptime:days}, past the 497.1 days at which the clock of TIME_WAIT wraps.",
    "reason-share": "Usable ports that are taken: {before:percent} in BEFORE, {after:percent} in AFTER.",
    "reason-rate": "Connections opened: {before:rate} in BEFORE, {after:rate} in AFTER.",
    "reason-usable": "Usable ports: {before:count} in BEFORE, {after:count} in AFTER.",
    "reason-held-for": ("In AFTER TIME_WAIT holds {held:count} ports at {rate:rate}: at most {delay:seconds} each."),
    "reason-delay": "In AFTER TIME_WAIT lasts at most {delay:seconds}.",
    "reason-events": (
        "Events 4227, 4231 and 4266: {before:times} in the log of BEFORE, none in AFTER since {since:utc}."
    ),
    "reason-pile": "Ports held ({group}): {before:count} in BEFORE, {after:count} in AFTER.",
    "reason-owner-age": "When each process of AFTER was started stands in its process list (CreationDate).",
    "reason-wider": "The dynamic range was widened: that buys time and cures nothing.",
    "reason-chimney": "TCP Chimney: {setting}.",
    "reason-evidence": "{bundle}: {statement}",
    # What to do next.
    "step-same-machine": "Compare two bundles of one machine.",
    "step-swap": "Give the older bundle first.",
    "step-later": "Collect once more, after the remedy, and compare with that.",
    "step-collect": "Collect again, and compare BEFORE with that bundle.",
    "step-collect-after": (
        "Collect again after {at:utc}, without a restart before, and compare BEFORE with that bundle."
    ),
    "step-collect-busy": (
        "Collect again when the machine is as busy as it was on {at:utc}, when BEFORE was collected, and compare "
        "BEFORE with that bundle."
    ),
    "step-fix-version": "Find out which tcpip.sys is on the machine, and when it was installed.",
    "step-nothing": "Nothing. Keep both bundles: they show that the remedy worked.",
    # What changed.
    "row-verdict": "Verdict",
    "row-uptime": "Uptime",
    "row-boot": "Booted",
    "row-wrap": "497.1 days of uptime",
    "row-fix": "Fix of KB2553549",
    "row-tcpip": "tcpip.sys on disk",
    "row-hotfixes": "Updates installed",
    "row-range": "Dynamic ports, TCP over IPv{family}",
    "row-usable": "Usable of them",
    "row-in-use": "Ports in use",
    "row-utilisation": "Share in use",
    "row-time-wait": "Ports in TIME_WAIT",
    "row-outlived": "Rows that outlived TIME_WAIT",
    "row-pile": "Ports held: {group}",
    "row-rate": "Connections opened",
    "row-needed-rate": "Rate that TIME_WAIT needs",
    "row-events": "Events 4227, 4231, 4266",
    "row-owner": "Process with most rows",
    "row-remote": "Remote with most rows",
    "value-unknown": "not known",
    "value-verdict": "{title} ({status})",
    "value-verdict-previous": "{title} ({status}), before the last restart",
    "value-moment": "{at:utc}",
    "value-uptime": "{seconds:duration}",
    "value-wrapped": "reached {at:utc}",
    "value-wraps": "reached on {at:utc}",
    "value-wrap-harmless": "harmless now",
    "value-count": "{count:count}",
    "value-share": "{share:percent}",
    "value-rate": "{rate:rate}",
    "value-range": "{start}–{end} ({count:count} ports)",
    "value-updates": "{count:count} listed",
    "value-updates-new": "{count:count} listed; new: {names}",
    "value-updates-gone": "{count:count} listed; gone: {names}",
    "value-updates-both": "{count:count} listed; new: {names}; gone: {gone}",
    "value-events": "{count:count}, last {last:utc}",
    "value-events-since": "{count:count} since BEFORE, last {last:utc}",
    "value-events-at-least": "at least {count:count} since BEFORE, last {last:utc}",
    "value-events-none": "none in the log",
    "value-events-none-since": "none since {since:utc}",
    "value-owner": "{image} (PID {pid}), {rows:count} rows",
    "value-remote": "{remote}, {rows:count} rows",
    "fix-fixed": "in force",
    "fix-unfixed": "not there",
    "fix-unknown": "not known",
    "fix-installed-not-loaded": "installed, not in force before a restart",
    "fix-not-affected": "not needed: the system has no such defect",
    "meaning-better": "better",
    "meaning-worse": "worse",
    "meaning-same": "same",
    "meaning-changed": "changed",
    "meaning-unknown": "not known",
    "status-confirmed": "confirmed",
    "status-likely": "likely",
    "status-possible": "possible",
    "status-inconclusive": "inconclusive",
    "status-ruled_out": "ruled out",
    "title-undecided": "The cause cannot be told",
    "when-now": "Now",
    "when-next": "Next",
    "when-for-good": "For good",
    "when-collect": "Collect",
    "title-kind": "Before and after",
    "title-why": "Why we say so",
    "title-next": "What to do next",
    "title-next-elevated": "What to do next (in an elevated Command Prompt, not PowerShell)",
    "title-elevated": (
        "Commands are for an elevated Command Prompt (cmd), not PowerShell; ^ at the end of a line continues it."
    ),
    "title-changed": "What changed",
    "label-same": "Same:",
    "label-alike": "Counts of ports, rates and shares that differ by at most {share:percent} count as the same.",
    "label-caution": "Caution: {text}",
    "label-no-host": "unknown host",
    "label-machine": "Machine",
    "label-time": "Time",
    "label-what": "What",
    "label-change": "Change",
    "label-source": "Source",
    "bundle-before": "BEFORE",
    "bundle-after": "AFTER",
    "bundle-both": "both",
}


def said(message: str, **params: object) -> str:
    """A message in the language spoken."""
    return fill(tr(TEXTS[message]), params)
