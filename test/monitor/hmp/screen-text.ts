const ESC = '\x1b';
const TOKEN = new RegExp(`${ESC}\\[[0-9;]*[A-Za-z]|.`, 'gsu');

/**
 * What a terminal shows after this output: rows joined by '\n', trailing blanks kept. Knows what the line editor uses
 * (cursor left and right, erase to the end of the row, CR, LF); long rows do not wrap.
 */
export function screenText(output: string): string {
  const rows: string[][] = [[]];
  let column = 0;
  for (const [token] of output.matchAll(TOKEN)) {
    const row = rows.at(-1) ?? [];
    if (token === '\x1b[D') column = Math.max(column - 1, 0);
    else if (token === '\x1b[C') column += 1;
    else if (token === '\x1b[K') row.length = Math.min(row.length, column);
    else if (token === '\r') column = 0;
    else if (token === '\n') rows.push([]);
    else row[column++] = token;
  }
  return rows.map((row) => row.join('')).join('\n');
}
