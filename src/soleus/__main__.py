"""``python -m soleus`` is the command ``soleus``."""

import sys

from soleus.app.cli.main import main

sys.exit(main())
