"""Reading tables of FNA measurements in the shapes that people have: `read_table`, and `template_csv` to fill
in.
"""

from ml.fna.intake.reading import read_table
from ml.fna.intake.table import ColumnUnderstanding, FnaTable, Problem, TableError
from ml.fna.intake.template import template_csv

__all__ = ["ColumnUnderstanding", "FnaTable", "Problem", "TableError", "read_table", "template_csv"]
