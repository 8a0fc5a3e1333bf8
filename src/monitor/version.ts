import type { VersionInfo } from '../qapi/qmp-types.generated.ts';

/** The version of the protocol that is spoken: greeting and `query-version`. */
export const QMP_VERSION: VersionInfo = { qemu: { major: 1, minor: 5, micro: 50 }, package: '' };

/** `1.5.50`, for people. */
export const QMP_VERSION_TEXT = `${QMP_VERSION.qemu.major}.${QMP_VERSION.qemu.minor}.${QMP_VERSION.qemu.micro}`;
