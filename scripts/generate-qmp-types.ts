/**
 * Writes src/qapi/qmp-types.generated.ts from src/qapi/qmp-schema.json: `tsx scripts/generate-qmp-types.ts`.
 */
import { writeFileSync } from 'node:fs';
import { renderQmpTypes } from '../src/qapi/render-types.ts';
import { qmpSchema } from '../src/qapi/schema-file.ts';

writeFileSync(new URL('../src/qapi/qmp-types.generated.ts', import.meta.url), renderQmpTypes(qmpSchema));
