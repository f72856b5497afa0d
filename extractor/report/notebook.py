"""A case in a notebook: its timeline as a picture, without script, in the notebook's own page."""

from functools import partial

from extractor.report.lanes import width_of
from extractor.report.page import FONT, environment, said, style
from extractor.report.picture import Picture, picture
from extractor.schema import Case, Patient


def case_html(case: Case) -> str:
    """HTML with the timeline of each patient, for IPython's rich display; all that the case says is escaped."""
    people = [(patient, said(patient), _picture(case, patient)) for patient in case.patients]
    return (
        environment()
        .get_template("notebook.html.jinja")
        .render(case=case, people=people, key=case.source.sha256, style=style("timeline.css"))
    )


def _picture(case: Case, patient: Patient) -> Picture:
    return picture(case, patient.id, "time", partial(width_of, size=FONT))
