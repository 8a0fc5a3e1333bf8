import { readFileSync } from 'node:fs';
import test from 'ava';
import { renderQmpTypes } from '../../src/qapi/render-types.ts';
import { qmpSchema } from '../../src/qapi/schema-file.ts';

test('the generated types are those of the schema (else: tsx scripts/generate-qmp-types.ts)', (t) => {
  const committed = readFileSync(new URL('../../src/qapi/qmp-types.generated.ts', import.meta.url), 'utf8');
  t.is(committed, renderQmpTypes(qmpSchema));
});
