"""The child's half of the code reader: zxing-cpp, held to one format."""

from __future__ import annotations

import numpy as np
import zxingcpp
from numpy.typing import NDArray

from drivers.code_reader.contract import CodeFormat

LOOKED_FOR = {
    CodeFormat.QR: zxingcpp.BarcodeFormat.QRCode,
    CodeFormat.CODE_128: zxingcpp.BarcodeFormat.Code128,
}


class Decoder:
    """Built in the child; keeps nothing between requests."""

    def payloads(self, pixels: NDArray[np.uint8], wanted: CodeFormat) -> list[bytes]:
        """The different payloads, as bytes: the library's text is a guess at their encoding.

        What it is asked for is a family (QR: also Micro QR and rMQR), so what it found is looked at again.
        """
        looked_for = LOOKED_FOR[wanted]
        found = zxingcpp.read_barcodes(pixels, formats=zxingcpp.BarcodeFormats(looked_for))
        return list(dict.fromkeys(code.bytes for code in found if code.valid and code.format == looked_for))
