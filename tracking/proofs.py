"""Proofs of releases: what each said is kept as a fingerprint, made once after the release and made again by audits."""

from __future__ import annotations

from datetime import datetime

from tracking import package
from tracking.models import Release, ReleaseProof


def prove_due(now: datetime) -> int:
    """Make the proofs that are missing; how many were. Workers side by side make the same one, which is kept once."""
    due = list(Release.objects.filter(proof__isnull=True).select_related("district").order_by("id"))
    for release in due:
        proof = ReleaseProof(release=release, digest=package.totals_digest(release), proved_at=now)
        ReleaseProof.objects.bulk_create([proof], ignore_conflicts=True)
    return len(due)


def broken() -> list[tuple[Release, str, str]]:
    """The releases that do not say any more what they said: with the digest that was kept and the one found now."""
    proofs = list(ReleaseProof.objects.select_related("release__district").order_by("release_id"))
    compared = ((proof, package.totals_digest(proof.release)) for proof in proofs)
    return [(proof.release, proof.digest, found) for proof, found in compared if found != proof.digest]


def digest_of(release: Release) -> str:
    """The proof's digest; computed where no worker has made the proof yet."""
    proof = ReleaseProof.objects.filter(release=release).first()
    return proof.digest if proof else package.totals_digest(release)
