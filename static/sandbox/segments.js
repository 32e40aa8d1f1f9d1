// Segment counting as in core/segments.py; the alphabets come from there with the page.
"use strict";

const countSegments = (text, basic, extension) => {
  const characters = [...text];
  const gsm = characters.every((c) => basic.includes(c) || extension.includes(c));
  const width = (c) => (gsm ? (extension.includes(c) ? 2 : 1) : c.length);
  const [single, each] = gsm ? [160, 153] : [70, 67];
  const units = characters.reduce((sum, c) => sum + width(c), 0);
  const encoding = gsm ? "GSM-7" : "UCS-2";
  if (units <= single) return { encoding, units, count: 1, room: single };
  let count = 1;
  let filled = 0;
  for (const c of characters) {
    if (filled + width(c) > each) {
      count += 1;
      filled = 0;
    }
    filled += width(c);
  }
  return { encoding, units, count, room: count * each };
};
