// Names of the architecture's bits: EFLAGS, control registers, EFER, page-table entries.

export const FLAG_CF: u32 = 0x1;
export const FLAG_PF: u32 = 0x4;
export const FLAG_AF: u32 = 0x10;
export const FLAG_ZF: u32 = 0x40;
export const FLAG_SF: u32 = 0x80;
export const FLAG_TF: u32 = 0x100;
export const FLAG_IF: u32 = 0x200;
export const FLAG_DF: u32 = 0x400;
export const FLAG_OF: u32 = 0x800;
export const FLAG_IOPL: u32 = 0x3000;
export const FLAG_IOPL_SHIFT: u32 = 12;
export const FLAG_NT: u32 = 0x4000;
export const FLAG_RF: u32 = 0x10000;
export const FLAG_VM: u32 = 0x20000;
export const FLAG_AC: u32 = 0x40000;
export const FLAG_VIF: u32 = 0x80000;
export const FLAG_VIP: u32 = 0x100000;
export const FLAG_ID: u32 = 0x200000;
/** The six arithmetic flags. */
export const FLAGS_STATUS: u32 = 0x8d5;

export const CR0_PE: u64 = 0x1;
export const CR0_MP: u64 = 0x2;
export const CR0_EM: u64 = 0x4;
export const CR0_TS: u64 = 0x8;
export const CR0_ET: u64 = 0x10;
export const CR0_NE: u64 = 0x20;
export const CR0_WP: u64 = 0x10000;
export const CR0_AM: u64 = 0x40000;
export const CR0_NW: u64 = 0x20000000;
export const CR0_CD: u64 = 0x40000000;
export const CR0_PG: u64 = 0x80000000;

export const CR4_VME: u64 = 0x1;
export const CR4_PVI: u64 = 0x2;
export const CR4_TSD: u64 = 0x4;
export const CR4_DE: u64 = 0x8;
export const CR4_PSE: u64 = 0x10;
export const CR4_PAE: u64 = 0x20;
export const CR4_MCE: u64 = 0x40;
export const CR4_PGE: u64 = 0x80;
export const CR4_PCE: u64 = 0x100;
export const CR4_OSFXSR: u64 = 0x200;
export const CR4_OSXMMEXCPT: u64 = 0x400;
export const CR4_UMIP: u64 = 0x800;
export const CR4_FSGSBASE: u64 = 0x10000;
export const CR4_PCIDE: u64 = 0x20000;
export const CR4_OSXSAVE: u64 = 0x40000;
export const CR4_SMEP: u64 = 0x100000;
export const CR4_SMAP: u64 = 0x200000;

export const EFER_SCE: u64 = 0x1;
export const EFER_LME: u64 = 0x100;
export const EFER_LMA: u64 = 0x400;
export const EFER_NXE: u64 = 0x800;
export const EFER_FFXSR: u64 = 0x4000;

// Page-table entries, SDM vol. 3, 4.3 to 4.5
export const PTE_P: u64 = 0x1;
export const PTE_RW: u64 = 0x2;
export const PTE_US: u64 = 0x4;
export const PTE_A: u64 = 0x20;
export const PTE_D: u64 = 0x40;
export const PTE_PS: u64 = 0x80;
export const PTE_G: u64 = 0x100;
export const PTE_NX: u64 = 0x8000000000000000;

// Segments: index in the selector and descriptor arrays of a page group
export const SEG_ES: u32 = 0;
export const SEG_CS: u32 = 1;
export const SEG_SS: u32 = 2;
export const SEG_DS: u32 = 3;
export const SEG_FS: u32 = 4;
export const SEG_GS: u32 = 5;
export const SEG_LDTR: u32 = 6;
export const SEG_TR: u32 = 7;
export const SEG_GDTR: u32 = 8;
export const SEG_IDTR: u32 = 9;

// Segment attributes as kept in CPU_SEG_ATTRIBUTES (bits 8..23 of a descriptor's second doubleword, shifted down by 8)
export const ATTR_TYPE: u32 = 0xf;
export const ATTR_ACCESSED: u32 = 0x1;
/** Data: writable. Code: readable. */
export const ATTR_RW: u32 = 0x2;
/** Data: expand-down. Code: conforming. */
export const ATTR_EXPAND_DOWN: u32 = 0x4;
export const ATTR_CONFORMING: u32 = 0x4;
export const ATTR_CODE: u32 = 0x8;
export const ATTR_S: u32 = 0x10;
export const ATTR_DPL: u32 = 0x60;
export const ATTR_DPL_SHIFT: u32 = 5;
export const ATTR_P: u32 = 0x80;
export const ATTR_L: u32 = 0x2000;
export const ATTR_DB: u32 = 0x4000;
export const ATTR_G: u32 = 0x8000;
/** The register holds a segment (not a null selector). */
export const ATTR_USABLE: u32 = 0x10000;
