"""What a stretch of a diary says in sentences, the same in a terminal and on a page."""

from __future__ import annotations

from soleus.app.diary_report import DiaryReport
from soleus.core.message import say


def number_sentences(report: DiaryReport) -> list[str]:
    """Return the numbers of a stretch in sentences, the rate first."""
    rate = report.rate
    lines: list[str] = [rate.says]
    if rate.share is not None and rate.share_low is not None and rate.share_high is not None:
        lines.append(
            say(
                "Nights with cramps: {cramped} of {recorded} recorded ({share:.0f} %, {low:.0f} to {high:.0f}).",
                cramped=rate.nights_with_cramps,
                recorded=rate.nights_recorded,
                share=100 * rate.share,
                low=100 * rate.share_low,
                high=100 * rate.share_high,
            )
        )
    if rate.if_missing_free is not None and rate.nights_missing:
        lines.append(
            say("Were all missing nights free of cramps, it would be {rate:.1f} a week.", rate=rate.if_missing_free)
        )
    if rate.duration_s is not None:
        lines.append(
            say(
                "A cramp lasts: {mean:.1f} minutes on average (told for {n} cramps).",
                mean=rate.duration_s.mean / 60,
                n=rate.duration_s.n,
            )
        )
    if rate.pain is not None:
        lines.append(
            say("Pain: {mean:.1f} of 10 on average (told for {n} cramps).", mean=rate.pain.mean, n=rate.pain.n)
        )
    if rate.sleep_lost is not None:
        lost = rate.sleep_lost
        lines.append(
            say(
                "Sleep lost on nights with cramps: {hours:.1f} hours ({low:.1f} to {high:.1f}).",
                hours=lost.hours,
                low=lost.low,
                high=lost.high,
            )
        )
    return lines


def change_sentences(report: DiaryReport) -> list[str]:
    """Return how the later half compares with the earlier one, the reason in small letters, and rival explanations."""
    if report.change is None:
        return []
    return [
        say("Earlier against later half: {verdict}.", verdict=report.change.verdict),
        report.change.reason,
        *(say("Another explanation: {why}.", why=rival.why) for rival in report.change.rivals),
    ]
