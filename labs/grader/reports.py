"""The report of a grading in each form: text, JSON, Gradescope's, JUnit's. Each takes what grade.py has found out:

    {"lab": {"number", "name", "title"}, "points", "most",
     "parts": [{"name", "built", "problems": [text]}],
     "checks": [{"name", "title", "step", "points", "most", "outcome", "messages": [text]}]}

An outcome is that of abi/lab.h, or "not built": a part that the check needs was not built, or "stopped": the machine
ended before the verdict.
"""

import json
from xml.sax.saxutils import escape, quoteattr

FULL, WORDS = "passed", {"faulted": "a fault ended it", "timeout": "did not end in time",
                         "not built": "a part was not built", "stopped": "the machine stopped"}


def _indent(lines, blanks):
    return [" " * blanks + line for line in lines]


def _problems(report):
    """Lines for the parts that were not built."""
    lines = []
    for part in report["parts"]:
        if not part["built"]:
            lines += [f"{part['name']} was not built:"] + _indent(part["problems"], 4)
    return lines


def _check_lines(check):
    """What a student reads beside the points."""
    lines = list(check["messages"])
    if check["outcome"] in WORDS and not lines:
        lines = [WORDS[check["outcome"]]]
    return lines


def text(report):
    lab = report["lab"]
    lines = [f"lab {lab['number']}: {lab['title']}"] + _problems(report)
    for check in report["checks"]:
        word = f" ({WORDS[check['outcome']]})" if check["outcome"] in WORDS else ""
        lines.append(f"{check['points']:>3}/{check['most']:<3} {check['name']:<18} {check['title']}{word}")
        lines += _indent(check["messages"], 8)
    lines.append(f"{report['points']:>3}/{report['most']:<3} points")
    return "\n".join(lines) + "\n"


def as_json(report):
    return json.dumps(report, indent=2, sort_keys=True, ensure_ascii=True) + "\n"


def gradescope(report):
    """results.json of Gradescope's autograder specification: score, and an entry of tests[] for each check."""
    tests = [{
        "name": f"{check['name']}: {check['title']}",
        "score": check["points"],
        "max_score": check["most"],
        "status": "passed" if check["outcome"] == FULL else "failed",
        "output": "\n".join(_check_lines(check)),
        "visibility": "visible",
    } for check in report["checks"]]
    problems = _problems(report)
    result = {"score": report["points"], "visibility": "visible", "tests": tests,
              "output": "\n".join(problems) if problems else f"{report['points']} of {report['most']} points"}
    return json.dumps(result, indent=2, ensure_ascii=True) + "\n"


def _xml_text(value):
    """@value without the characters that XML 1.0 has no way to say."""
    return "".join(c if c in "\t\n" or ord(c) >= 32 and not 0xd800 <= ord(c) < 0xe000 and ord(c) not in (0xfffe, 0xffff)
                   else "?" for c in value)


def junit(report):
    """As ctest --output-junit writes it: one test case for each check. A check without all its points has failed."""
    failed = sum(check["outcome"] != FULL for check in report["checks"])
    suite = f"mitos-lab-{report['lab']['number']}"
    out = ['<?xml version="1.0" encoding="UTF-8"?>',
           f"<testsuite name={quoteattr(suite)} tests=\"{len(report['checks'])}\" failures=\"{failed}\" "
           'disabled="0" skipped="0" hostname="" time="0" timestamp="1970-01-01T00:00:00">']
    for check in report["checks"]:
        good = check["outcome"] == FULL
        output = _xml_text("\n".join([f"{check['points']} of {check['most']} points"] + _check_lines(check)))
        out.append(f"\t<testcase name={quoteattr(check['name'])} classname={quoteattr(suite)} time=\"0\" "
                   f"status=\"{'run' if good else 'fail'}\">")
        if not good:
            out.append(f"\t\t<failure message={quoteattr(check['outcome'])}/>")
        out += [f"\t\t<system-out>{escape(output)}</system-out>", "\t</testcase>"]
    return "\n".join(out + ["</testsuite>", ""])


FORMATS = {"text": text, "json": as_json, "gradescope": gradescope, "junit": junit}
