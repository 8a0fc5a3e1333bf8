/** Formats that this version opens: `-drive format=help`. A list of its own, so that a command line need not load them. */
export const AVAILABLE_FORMATS: readonly string[] = [
  'raw',
  'qcow2',
  'vdi',
  'vmdk',
  'vpc',
  'qcow',
  'parallels',
  'cow',
  'bochs',
  'cloop',
  'dmg',
];
