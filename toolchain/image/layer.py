# SPDX-License-Identifier: Apache-2.0
"""A layer of an image: entries by their paths, from tar files, and written so that the same entries are the same bytes."""
import copy, fnmatch, gzip, hashlib, io, os, tarfile


class Rules:
    """dpkg's path-exclude and path-include in one list: the last pattern that matches decides, `!` in front takes in again."""

    def __init__(self, patterns):
        self.patterns = [(pattern.lstrip("!"), pattern.startswith("!")) for pattern in patterns]

    def keeps(self, path):
        is_kept = True
        for pattern, is_taken in self.patterns:
            if fnmatch.fnmatchcase(path, pattern):
                is_kept = is_taken
        return is_kept


class Layer:
    def __init__(self):
        self.entries = {}  # path: (TarInfo, open tar file and member, or bytes, or None)

    def add_tar(self, path, rules):
        """What the rules keep of a root file system. The file stays open until the layer is written."""
        source = tarfile.open(path, "r:")
        for member in source:
            name = "/" + member.name.removeprefix(".").strip("/")
            if name != "/" and not member.isdev() and rules.keeps(name):  # a folder comes again if something in it is kept
                self.put(name, member, (source, member) if member.isfile() or member.islnk() else None)

    def put(self, path, member, data):
        info = copy.copy(member)
        if member.islnk():  # a name more of a file that may not have been kept
            target = data[0].getmember(member.linkname)
            info.type, info.linkname, info.size, info.mode = tarfile.REGTYPE, "", target.size, target.mode
        self.entries[path] = (info, data)

    def add_file(self, path, data, mode=0o644):
        info = tarfile.TarInfo()
        info.size, info.mode = len(data), mode
        self.entries[path] = (info, data)

    def add_link(self, path, target):
        info = tarfile.TarInfo()
        info.type, info.linkname, info.mode = tarfile.SYMTYPE, target, 0o777
        self.entries[path] = (info, None)

    def add_folder(self, path, mode=0o755):
        info = tarfile.TarInfo()
        info.type, info.mode = tarfile.DIRTYPE, mode
        self.entries[path] = (info, None)

    def take(self, pattern):
        """Files, out of the layer: {path: bytes}."""
        found = {}
        for path in fnmatch.filter(list(self.entries), pattern):
            _, data = self.entries.pop(path)
            found[path] = data[0].extractfile(data[1]).read()
        return found

    def add_parents(self):
        for path in list(self.entries):
            while (path := os.path.dirname(path)) != "/":
                if path not in self.entries:
                    self.add_folder(path)

    def write(self, path, epoch):
        """Returns the digest of what is in the compressed file, and how many bytes that is."""
        self.add_parents()
        with open(path, "wb") as out, gzip.GzipFile("", "wb", 9, out, 0) as packed:
            counted = Counted(packed)
            with tarfile.open(fileobj=counted, mode="w|", format=tarfile.GNU_FORMAT) as tar:
                for name in sorted(self.entries):
                    info, data = self.entries[name]
                    info.name, info.mtime, info.uid, info.gid, info.uname, info.gname, info.pax_headers = name[1:], epoch, 0, 0, "", "", {}
                    if isinstance(data, tuple):
                        data = data[0].extractfile(data[1])
                    tar.addfile(info, io.BytesIO(data) if isinstance(data, bytes) else data)
        return counted.digest.hexdigest(), counted.size


class Counted:
    def __init__(self, out):
        self.out, self.digest, self.size = out, hashlib.sha256(), 0

    def write(self, data):
        self.digest.update(data)
        self.size += len(data)
        return self.out.write(data)
