"""The person's own record: store, backup, export, erase.

Everything stays on this computer (or on the server the person names) and belongs to the person alone.
"""

from soleus.diary.adding import Added
from soleus.diary.audit import AuditEvent, AuditRow, append_audit, check_audit, list_audit
from soleus.diary.backup import BackupReport, Restored, back_up, check_backup, restore, verified_backups
from soleus.diary.csv_import import CsvMapping, import_csv
from soleus.diary.devices import Device, find_device, link_device, list_devices, revoke_device
from soleus.diary.documents import Document, document_names, read_document, write_document
from soleus.diary.erasure import erase
from soleus.diary.errors import DamagedDiary, DiaryError
from soleus.diary.export import export_to
from soleus.diary.export_import import import_from
from soleus.diary.opening import open_diary
from soleus.diary.places import data_folder
from soleus.diary.store import Diary

__all__ = [
    "Added",
    "AuditEvent",
    "AuditRow",
    "BackupReport",
    "CsvMapping",
    "DamagedDiary",
    "Device",
    "Diary",
    "DiaryError",
    "Document",
    "Restored",
    "append_audit",
    "back_up",
    "check_audit",
    "check_backup",
    "data_folder",
    "document_names",
    "erase",
    "export_to",
    "find_device",
    "import_csv",
    "import_from",
    "link_device",
    "list_audit",
    "list_devices",
    "open_diary",
    "read_document",
    "restore",
    "revoke_device",
    "verified_backups",
    "write_document",
]
