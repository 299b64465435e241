"""The person's own record: store, backup, export, erase.

Everything stays on this computer (or on the server the person names) and belongs to the person alone.
"""

from soleus.diary.backup import BackupReport, Restored, back_up, check_backup, restore, verified_backups
from soleus.diary.erasure import erase
from soleus.diary.errors import DamagedDiary, DiaryError
from soleus.diary.opening import open_diary
from soleus.diary.places import data_folder
from soleus.diary.store import Added, Diary
from soleus.diary.transfer import CsvMapping, export_to, import_csv, import_from

__all__ = [
    "Added",
    "BackupReport",
    "CsvMapping",
    "DamagedDiary",
    "Diary",
    "DiaryError",
    "Restored",
    "back_up",
    "check_backup",
    "data_folder",
    "erase",
    "export_to",
    "import_csv",
    "import_from",
    "open_diary",
    "restore",
    "verified_backups",
]
