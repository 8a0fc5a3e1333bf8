/** Groups that this version does not build: not registered, but their options are still checked before the refusal. */
import type { OptionGroup, OptionParameter, ParameterType } from './option-group.ts';

function parameters(type: ParameterType, names: string): OptionParameter[] {
  return names.split(' ').map((name) => ({ name, type }));
}

/** `-spice` (cli.md §2). */
export const SPICE_GROUP: OptionGroup = {
  name: 'spice',
  parameters: [
    ...parameters('number', 'port tls-port'),
    ...parameters('string', 'addr'),
    ...parameters('boolean', 'ipv4 ipv6'),
    ...parameters('string', 'password'),
    ...parameters('boolean', 'disable-ticketing disable-copy-paste sasl'),
    ...parameters(
      'string',
      'x509-dir x509-key-file x509-key-password x509-cert-file x509-cacert-file x509-dh-key-file',
    ),
    ...parameters('string', 'tls-ciphers tls-channel plaintext-channel image-compression'),
    ...parameters('string', 'jpeg-wan-compression zlib-glz-wan-compression streaming-video'),
    ...parameters('boolean', 'agent-mouse playback-compression seamless-migration'),
  ],
};

const SHARED_FOLDER: readonly OptionParameter[] = [
  ...parameters('string', 'fsdriver path'),
  ...parameters('string', 'security_model writeout'),
  ...parameters('boolean', 'readonly'),
  ...parameters('string', 'socket'),
  ...parameters('number', 'sock_fd'),
];

/** `-fsdev` (cli.md §2). */
export const FSDEV_GROUP: OptionGroup = {
  name: 'fsdev',
  impliedKey: 'fsdriver',
  parameters: SHARED_FOLDER,
};

/** `-virtfs` (cli.md §2): as -fsdev, and the tag that the guest mounts. */
export const VIRTFS_GROUP: OptionGroup = {
  name: 'virtfs',
  impliedKey: 'fsdriver',
  parameters: [...SHARED_FOLDER, ...parameters('string', 'mount_tag')],
};
