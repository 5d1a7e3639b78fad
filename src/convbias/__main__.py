"""`python -m convbias` is `convbias`."""

import sys

from convbias.cli import main

sys.exit(main())
