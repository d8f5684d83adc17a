"""Reconciling 核对: what bulletins and ceremonies claimed beside what the records hold; claims that contradict."""

from tracking.reported.ceremonies import AtCeremony, attached, attached_to_claim, compare_ceremonies
from tracking.reported.comparing import Comparison, claims_beside_records, compare_all
from tracking.reported.contradictions import Code, Contradiction
from tracking.reported.verdicts import Verdict

__all__ = [
    "AtCeremony",
    "Code",
    "Comparison",
    "Contradiction",
    "Verdict",
    "attached",
    "attached_to_claim",
    "claims_beside_records",
    "compare_all",
    "compare_ceremonies",
]
