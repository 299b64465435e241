"""The report for a clinician, told in one language and put into its parts."""

from __future__ import annotations

from soleus.report.clinician import ClinicianReport
from soleus.report.clinician_appendix import lay_out_appendix
from soleus.report.clinician_layout import Layout
from soleus.report.clinician_page import lay_out_page, who_words
from soleus.report.language import Language


def lay_out(report: ClinicianReport, language: Language) -> Layout:
    """Return the report in its parts, in a language.

    Parameters
    ----------
    report : ClinicianReport
    language : Language
    """
    period = language.say("Nights of {first} to {last}", first=report.first, last=report.last)
    return Layout(
        language=language.code,
        title=language.say("Night leg cramps: report for the doctor"),
        who=who_words(report, language),
        period=period,
        pen=(language.say("Name"), language.say("Born")),
        sections=lay_out_page(report, language),
        foot=_foot(report, language),
        appendix_title=language.say("Appendix: all data"),
        appendix=lay_out_appendix(report, language),
        page=language.say("Page"),
    )


def _foot(report: ClinicianReport, language: Language) -> tuple[str, ...]:
    definitions = language.say(
        "A night runs from noon to noon and has the date of its evening. It is recorded when a cramp was noted or a "
        "morning check tells a number, 0 included; otherwise it is missing and counts for nothing. Late: first "
        "noted more than 36 hours after the noon that ends the night. Mostly: the middle half of what was told. 95 % "
        "interval of cramps per week: from recorded nights, with the scatter between nights. Explains: the probability "
        "that the cause brings these cramps; its interval is what the uncertain numbers of the evidence leave open."
    )
    made = language.say(
        "Made {day}, {clock} ({zone}) by {software} with evidence {evidence}. Soleus informs; it does not diagnose, it "
        "is not a medical device, and it starts or stops no medicine.",
        day=report.made_at.date(),
        clock=language.clock(report.made_at),
        zone=report.zone,
        software=report.software,
        evidence=report.evidence,
    )
    return definitions, made
