"""The generator of Recto's sample pages: corpus (what is written), typeset (ink on a sheet), forms (kinds of
pages), wear (paper, age, copying, scanning), barcode, output (files), batch (the delivery in samples/batch)."""
