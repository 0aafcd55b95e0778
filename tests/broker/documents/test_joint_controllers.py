"""The essence of the arrangement: who answers for what, and where people can go."""

from __future__ import annotations

from dataclasses import replace

from broker.documents.joint_controllers import joint_controllers
from broker.documents.markdown import markdown
from policies.canonical import covenant_sha256
from tests.broker.documents.papers import every_key, shipped
from tests.policies.builders import covenant as small_covenant


def test_every_party_is_named_with_its_officer() -> None:
    text = markdown(joint_controllers(shipped()), "nl").replace("\\@", "@")
    for party in shipped().parties.values():
        assert party.name in text
        assert party.privacy_officer in text
    assert covenant_sha256(shipped()) in text


def test_people_may_go_to_each_of_the_organisations_whatever_was_agreed() -> None:
    for covenant in (shipped(), small_covenant()):
        assert "U kunt uw rechten uitoefenen bij elk van de organisaties" in markdown(joint_controllers(covenant), "nl")
        assert "against each of the organisations" in markdown(joint_controllers(covenant), "en")


def test_a_duty_that_nobody_has_is_told() -> None:
    text = markdown(joint_controllers(small_covenant()), "nl")
    assert "| Datalekken melden | niet geregeld | – |" in text
    assert "Niet geregeld: één loket" in text


def test_a_confidential_purpose_is_named_and_its_grounds_and_data_are_not() -> None:
    text = markdown(joint_controllers(shipped()), "nl")
    assert "Veiligheid van bewoners en voorkomen van escalatie. De bijzonderheden hiervan zijn vertrouwelijk." in text
    assert "Gemeentewet 175" not in text
    open_one = replace(shipped(), purposes={name: replace(one, confidential=False) for name, one in shipped().purposes.items()})
    assert "Gemeentewet 175" in markdown(joint_controllers(open_one), "nl")


def test_the_particulars_of_the_arrangement_are_there() -> None:
    text = markdown(joint_controllers(every_key()), "nl").replace("\\@", "@")
    for part in ("via loket@proefdorp.example, binnen 2 weken", "aan lek@proefdorp.example, binnen 2 uur", "6 jaar bewaard", "elke 3 jaar"):
        assert part in text
