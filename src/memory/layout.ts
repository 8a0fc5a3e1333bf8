/**
 * The only place that knows an offset of the shared memory. It is compiled twice: as TypeScript for the actors and as
 * AssemblyScript for the CPU core, so it holds exported integer constants and nothing else.
 *
 * One `WebAssembly.Memory` (shared, 32-bit addresses) has, in this order: constants of the core, global words, the
 * physical map, code-page generations, dirty bitmaps, one page group per vCPU, then (placed by `memory-plan.ts`) the
 * code caches, ROMs, video memory and guest RAM. "Host address" means an offset in this memory, "host page" a host
 * address divided by 4096, "guest-physical" what the guest's page tables produce.
 *
 * Ownership. A word has one writer or is only touched with atomics. Where nothing else is said, a word of a vCPU's page
 * group is read and written by that vCPU's thread alone, or by others while the vCPU is paused (IN_GUEST is 0 and the
 * owner waits).
 */

export const PAGE_SIZE = 4096;
export const PAGE_SHIFT = 12;
export const PAGE_OFFSET_MASK = 4095;

// ---------------------------------------------------------------------------------------------------------------------
// Fixed areas

/** Static data of the compiled core (function tables' descriptors, constant tables): equal in every instance. */
export const CORE_STATIC_BASE = 0x400;
/** Decode tables, written once by the first instance of the core (GLOBAL_TABLES). */
export const OPCODE_TABLE_BASE = 0x40000;
export const OPCODE_TABLE_END = 0x80000;

/** Words that belong to the machine as a whole. */
export const GLOBAL_BASE = 0x80000;
/** Number of vCPUs. Written before any vCPU runs. */
export const GLOBAL_CPU_COUNT = 0x80000;
/**
 * 0, or 1 + index of the vCPU that has asked all others to stand still (split locks), or EXCLUSIVE_MACHINE while the machine
 * changes the physical map. Atomic; compare-and-swapped.
 */
export const GLOBAL_EXCLUSIVE = 0x80004;
export const EXCLUSIVE_MACHINE = 0x100;
/** Non-zero while a migration or a snapshot wants RAM writes in the dirty bitmap. Atomic; writer: migration. */
export const GLOBAL_DIRTY_LOG = 0x80008;
/** 0xffffffff, or 0xffefffff while address line 20 is held low. Atomic; writer: the chipset. */
export const GLOBAL_A20_MASK = 0x8000c;
/** Decode tables and constant pages: 0 not there, 1 being written, 2 ready. Atomic; the first instance writes them. */
export const GLOBAL_TABLES = 0x80014;
/** Grows with every request in a mailbox, posted or not; the machine sleeps on it. Atomic. */
export const GLOBAL_DOORBELL = 0x80018;
/**
 * The virtual clock: 1 while it runs, and (f64) what to add to the host's monotonic clock, or the frozen time itself.
 * Writer: the machine, while no vCPU runs.
 */
export const GLOBAL_CLOCK_RUNNING = 0x8001c;
export const GLOBAL_CLOCK_NS = 0x80020;
/**
 * How far the clock may run before the machine has served its next timer: virtual time in ns (f64), 0 for no limit. The
 * version is odd while the machine changes this or what is added. Atomic; see virtual-clock.ts.
 */
export const GLOBAL_CLOCK_VERSION = 0x80030;
export const GLOBAL_CLOCK_LIMIT = 0x80038;
/** Numbers posted writes across all vCPUs, so that they are served in their order. Atomic; writers: vCPUs. */
export const GLOBAL_POST_TICKET = 0x80040;
/** How many posted writes have been served. Atomic; writer: the machine. */
export const GLOBAL_POST_SERVED = 0x80044;
/**
 * Time that vCPUs hold back: how many do, and for each vCPU (f64) the virtual time that the clock may not pass, Infinity or 0
 * if it holds nothing. A vCPU that polls clocks holds them so that they wait for it when its thread has to wait. A hold begins
 * under the clock's version; its vCPU alone raises it at any time. See virtual-clock.ts.
 */
export const GLOBAL_CLOCK_HOLDERS = 0x80048;
export const GLOBAL_CLOCK_HOLDS = 0x80100;
/** Version of the I/O table: odd while the machine rewrites it. Atomic; see io-table.ts. */
export const GLOBAL_IO_TABLE_VERSION = 0x80028;
/**
 * 0, or the host address of the RAM that vCPUs in system-management mode see at A0000H to BFFFFH, whatever the physical map
 * has there. Writer: the machine, as the physical map.
 */
export const GLOBAL_SMRAM = 0x8002c;
/** A page of ones: what fetches from where nothing is see. Written once by the core at start. */
export const OPEN_BUS_PAGE = 0x81000;

/**
 * The I/O table: which accesses a vCPU's thread answers or posts by itself. A u32 count at +0, then from +64 entries of eight
 * f64. Writer: the machine; readers: vCPUs, which copy it when GLOBAL_IO_TABLE_VERSION has changed.
 */
export const IO_TABLE_BASE = 0x82000;
export const IO_TABLE_ENTRIES = 1023;
export const IO_TABLE_ENTRY_SIZE = 64;

/** Words that devices publish for fast answers. Each has its device as its one writer; read and written with atomics. */
export const SHARED_WORDS_BASE = 0x92000;
export const SHARED_WORDS_END = 0x100000;

/**
 * The physical map: one u32 per guest-physical page below PHYS_MAP_LIMIT: host address of the page | PHYS_* type.
 * Writer: the machine (while no vCPU is in the guest, followed by a TLB flush request). 0 = nothing there: MMIO.
 */
export const PHYS_MAP_BASE = 0x100000;
export const PHYS_MAP_PAGES = 0x200000;
/** Type bits of a physical map entry. */
export const PHYS_TYPE_MASK = 7;
export const PHYS_MMIO = 0;
export const PHYS_RAM = 1;
/** Reads and fetches see the host page, writes go to the MMIO path. */
export const PHYS_ROM = 2;
/** RAM whose writes are always noted in the dirty bitmap (a frame buffer). */
export const PHYS_VIDEO = 3;

/**
 * Code generations: one u32 per host page. Bit 0: the page has translated or predecoded code; bits 1..31 a generation
 * that grows whenever such a page is written. Atomic; writers: vCPUs, and whoever writes guest RAM from outside.
 */
export const CODE_GEN_BASE = 0x900000;
export const CODE_GEN_HAS_CODE = 1;
export const CODE_GEN_STEP = 2;

/** Which 64-byte parts of a page hold code: one u64 per host page, atomic. Meaningless while CODE_GEN_HAS_CODE is clear. */
export const CODE_MASK_BASE = 0xe00000;
export const CODE_MASK_GRANULE_SHIFT = 6;

/** Dirty bits of host pages for migration, and the same for displays. Set with atomic OR, fetched and cleared by their reader. */
export const DIRTY_BITMAP_BASE = 0xd00000;
export const VIDEO_DIRTY_BITMAP_BASE = 0xd20000;
export const DIRTY_BITMAP_BYTES = 0x20000;

/**
 * Records of the instructions that translated code leaves to the interpreter. Writers: translators, which take theirs with
 * an atomic add to the first word (bytes taken); the next two are stand-ins for an access of data and one of the stack.
 */
export const REGION_RECORDS_BASE = 0x1600000;
export const REGION_RECORDS_END = 0x1800000;
export const DATA_RECORD = 0x1600020;
export const STACK_RECORD = 0x1600040;
export const REGION_RECORDS_FIRST = 0x60;

/** Page groups of the vCPUs. */
export const CPU_GROUPS_BASE = 0x1800000;
export const CPU_GROUP_SIZE = 0x100000;
export const MAX_CPUS = 255;

// ---------------------------------------------------------------------------------------------------------------------
// A vCPU's page group: offsets from its base. The first 256 bytes are addressed by one byte of a predecoded record.

/** RAX RCX RDX RBX RSP RBP RSI RDI R8..R15, 8 bytes each. */
export const CPU_GPR = 0x00;
export const CPU_RAX = 0x00;
export const CPU_RCX = 0x08;
export const CPU_RDX = 0x10;
export const CPU_RBX = 0x18;
export const CPU_RSP = 0x20;
export const CPU_RBP = 0x28;
export const CPU_RSI = 0x30;
export const CPU_RDI = 0x38;
/** Always zero: the absent base or index of an address. */
export const CPU_ZERO = 0x80;
/** RIP of the current page's first byte: an instruction's RIP is this plus its offset in the page (mod code size). */
export const CPU_RIP_BASE = 0x88;
/** Bases of ES CS SS DS FS GS, 8 bytes each; then LDTR, TR, GDTR, IDTR. */
export const CPU_SEG_BASE = 0x90;

/**
 * Lazy flags. RESULT is the last result sign-extended to 64 bits; AUX holds what RESULT cannot tell:
 * bit 31 CF, bit 30 carry into the sign bit (OF = bit 31 ^ bit 30), bits 8..15 a byte XORed to RESULT's low byte before
 * the parity is taken, bit 3 AF, bit 0 XORed to RESULT's sign.
 */
export const CPU_FLAG_RESULT = 0x100;
export const CPU_FLAG_AUX = 0x108;
/** EFLAGS without CF PF AF ZF SF OF. */
export const CPU_EFLAGS = 0x10c;
/** Record being executed, 0 between instructions (then CPU_RIP is the truth). */
export const CPU_CURRENT_RECORD = 0x110;
/** Header of the block being executed. */
export const CPU_CURRENT_BLOCK = 0x114;
/** Instructions left before run() returns. */
export const CPU_BUDGET = 0x118;
/** Which PENDING_* bits end a run of blocks now (interrupts drop out while IF is 0). */
export const CPU_ATTENTION_MASK = 0x11c;
/** PENDING_* bits. Atomic; set by anyone with OR, followed by a notify on this word; cleared by the owner with AND. */
export const CPU_PENDING = 0x120;
/** 1 while the vCPU may touch guest memory. Atomic; writer: the owner. Others wait for 0 or for an acknowledged request. */
export const CPU_IN_GUEST = 0x124;
/** Host address of the TLB for data accesses in the current mode. */
export const CPU_TLB = 0x128;
/** MODE_* bits, derived from CR0, CR4, EFER, CS, EFLAGS. */
export const CPU_MODE = 0x12c;
/** BLOCK_* bits: what predecoded code depends on beside its bytes. */
export const CPU_BLOCK_MODE = 0x130;
export const CPU_EXIT_REASON = 0x134;
export const CPU_RIP = 0x138;

/** Selectors of ES CS SS DS FS GS LDTR TR, 2 bytes each. */
export const CPU_SEG_SELECTOR = 0x140;
/** Limits in bytes (granularity applied), 4 bytes each; same order; then GDTR, IDTR. */
export const CPU_SEG_LIMIT = 0x150;
/** Attributes: descriptor bits 8..23 as in its second doubleword >> 8 (type, S, DPL, P, AVL, L, D/B, G); bit 16 = usable. */
export const CPU_SEG_ATTRIBUTES = 0x180;

export const CPU_FAULT_PENDING = 0x1a0;
export const CPU_FAULT_VECTOR = 0x1a4;
export const CPU_FAULT_ERROR = 0x1a8;
export const CPU_FAULT_HAS_ERROR = 0x1ac;
/** 1 + the vector being delivered while IDT, stack or TSS are read, or 0: a fault then may make a double fault (SDM vol. 3, 6.15). */
export const CPU_DELIVERING_VECTOR = 0x1b0;
/** What is going on: HALT_* */
export const CPU_HALT_STATE = 0x1b4;
/** Bitmap of vectors that make run() return EXIT_EXCEPTION instead of being delivered (tests, user-mode loader). */
export const CPU_EXCEPTION_HOOKS = 0x1b8;
/** Non-zero: SYSCALL, SYSENTER and INT n make run() return EXIT_SYSCALL with the state after the instruction. */
export const CPU_SYSCALL_HOOK = 0x1bc;
/** 1 while an STI or a load of SS holds interrupts off for one instruction (SDM vol. 3, 6.8.3); bit 1 the same for NMI after NMI. */
export const CPU_INTERRUPT_SHADOW = 0x1c0;
export const CPU_NMI_BLOCKED = 0x1c4;
/** Index of the vCPU. */
export const CPU_INDEX = 0x1c8;
/** Non-zero: a breakpoint or the trap flag asks for one instruction at a time. */
export const CPU_SLOW_REASONS = 0x1cc;
/** Instructions executed by run() so far. Written at block ends; others may read it at any time. */
export const CPU_INSTRUCTION_COUNT = 0x1d0;
export const CPU_CR0 = 0x1e0;
export const CPU_CR2 = 0x1e8;
export const CPU_CR3 = 0x1f0;
export const CPU_CR4 = 0x1f8;
export const CPU_CR8 = 0x200;
export const CPU_EFER = 0x208;
/** DR0..DR3, then DR6 at +48 and DR7 at +56. */
export const CPU_DR = 0x210;
/** Page directory pointers loaded by a CR3 write in PAE mode (SDM vol. 3, 4.4.1). */
export const CPU_PDPTE = 0x250;
/** Physical address mask of the model (MAXPHYADDR). */
export const CPU_PHYS_MASK = 0x270;
/** One-based feature bits from CPUID, FEATURE_WORDS words of 32: see cpu-features.ts. */
export const CPU_FEATURES = 0x280;
export const CPU_FEATURE_WORDS = 16;
export const CPU_XCR0 = 0x2c0;
export const CPU_MXCSR = 0x2c8;
export const CPU_SMBASE = 0x2cc;
/** 0, or SMM_ACTIVE and perhaps SMM_NMI_WAS_BLOCKED. */
export const CPU_IN_SMM = 0x2d0;
export const SMM_ACTIVE = 1;
/** NMIs were blocked when the SMI came, so they are again after RSM (SDM vol. 3, 34.8). */
export const SMM_NMI_WAS_BLOCKED = 2;
/** Startup vector of a pending SIPI. Written by the sender before it sets PENDING_SIPI. */
export const CPU_SIPI_VECTOR = 0x2d4;
export const CPU_TSC_OFFSET = 0x2d8;
/** Code cache: first byte, end, next free byte. */
export const CPU_CODE_BASE = 0x2e0;
export const CPU_CODE_END = 0x2e4;
export const CPU_CODE_NEXT = 0x2e8;
export const CPU_TLB_JOURNAL_COUNT = 0x2ec;
/** 1 + last level seen: non-zero if an entry of the TLB came from a large page, so that INVLPG must flush widely. */
export const CPU_TLB_LARGE = 0x2f0;
/** Line armed by MONITOR: host address of its first byte, or 0. */
export const CPU_MONITOR = 0x2f4;
/** Which data breakpoints the running instruction has touched, bits 0..3. */
export const CPU_DEBUG_HITS = 0x2f8;
/** What CPU_DELIVERING_VECTOR is: 1 an exception, 2 an interrupt, whose own faults never make a double fault. */
export const CPU_DELIVERING_EXTERNAL = 0x2fc;
/** 16-byte scratch operands. */
export const CPU_SCRATCH = 0x300;
/**
 * 1 since code at CPL 3 with CR0.AM and EFLAGS.AC has run, until such code runs without them. Meanwhile no entry of
 * CPU_TLB_USER may be read or written without asking, so that every access takes the path that checks alignment.
 */
export const CPU_ALIGNMENT_CHECK = 0x330;
/** Line whose change ends the present MWAIT (host address), and what it held when MONITOR armed it. */
export const CPU_MWAIT_LINE = 0x334;
export const CPU_MONITOR_CONTENTS = 0x340;
export const MONITOR_LINE_BYTES = 64;
/** Entries of a block after which the host is asked to translate it; 0 asks never. Written before the first run. */
export const CPU_HOT_ENTRIES = 0x380;
/** Set when this vCPU has written into a page with code; cleared by the translated region that sees it. */
export const CPU_CODE_CHANGED = 0x384;
/**
 * What a jump cache entry must agree with beside its RIP: a count of flushes of TLB or code cache in the upper half, block
 * mode and privilege in the lower.
 */
export const CPU_JUMP_STAMP = 0x388;
/**
 * Lazy flags handed from one region to the next (core/region.ts): LAZY_PRESENT and the kind, or 0 when CPU_FLAG_RESULT and
 * CPU_FLAG_AUX hold the flags, as they do whenever anything else than a region looks; carry; operands and result.
 */
export const CPU_LAZY_KIND = 0x390;
export const CPU_LAZY_CARRY = 0x394;
export const CPU_LAZY_A = 0x398;
export const CPU_LAZY_B = 0x3a0;
export const CPU_LAZY_RESULT = 0x3a8;
export const LAZY_PRESENT = 0x100;

/** x87: eight physical registers of 16 bytes (10 used: significand u64, sign and exponent u16). */
export const CPU_X87 = 0x400;
export const CPU_X87_CONTROL = 0x480;
/** Status word with TOP in bits 11..13. */
export const CPU_X87_STATUS = 0x482;
/** Full tag word, two bits a physical register. */
export const CPU_X87_TAG = 0x484;
export const CPU_X87_OPCODE = 0x486;
export const CPU_X87_FIP = 0x488;
export const CPU_X87_FDP = 0x490;
export const CPU_X87_FCS = 0x498;
export const CPU_X87_FDS = 0x49a;

/** Vector registers: 32 of 64 bytes (ZMM-sized). */
export const CPU_VECTOR = 0x800;
export const CPU_VECTOR_STRIDE = 64;

/** Local APIC registers. */
export const CPU_APIC = 0x1000;
/** Mailbox between the vCPU and whoever answers its port and MMIO accesses: see mailbox.ts. */
export const CPU_MAILBOX = 0x2000;
/**
 * The mailbox: one request that its sender waits for, and a ring of posted ones. MAILBOX_STATE is stored last by the vCPU
 * (MAILBOX_REQUEST) and by the machine (MAILBOX_ANSWERED, followed by a notify); the other words belong to whoever it names.
 */
export const MAILBOX_STATE = 0x00;
export const MAILBOX_KIND = 0x04;
export const MAILBOX_SIZE = 0x08;
export const MAILBOX_LOW = 0x0c;
export const MAILBOX_HIGH = 0x10;
export const MAILBOX_VALUE = 0x14;
/** Entries posted (writer: the vCPU) and taken (writer: the machine) so far, modulo 2^32. Atomic. */
export const MAILBOX_POSTED = 0x40;
export const MAILBOX_TAKEN = 0x80;
/** MAILBOX_RING_ENTRIES of 16 bytes: kind | size << 8 | ticket << 16, low, high, value. */
export const MAILBOX_RING = 0x100;
export const MAILBOX_RING_ENTRIES = 128;
export const MAILBOX_IDLE = 0;
export const MAILBOX_REQUEST = 1;
export const MAILBOX_ANSWERED = 2;
export const MAILBOX_PORT_IN = 1;
export const MAILBOX_PORT_OUT = 2;
export const MAILBOX_MMIO_READ = 3;
export const MAILBOX_MMIO_WRITE = 4;
export const MAILBOX_PIC_ACKNOWLEDGE = 5;
export const MAILBOX_FLOATING_POINT_ERROR = 6;
export const MAILBOX_EOI = 7;
/** Model-specific registers that are plain storage: see msr.ts. */
export const CPU_MSR = 0x3000;
/** CPUID leaves: count at +0, then entries of 32 bytes (leaf, subleaf, flags, 0, eax, ebx, ecx, edx). */
export const CPU_CPUID = 0x5000;
/** Journal of filled TLB entries, u16 each. */
export const CPU_TLB_JOURNAL = 0x8000;
export const CPU_TLB_JOURNAL_SIZE = 4096;

/**
 * Three TLBs of TLB_ENTRIES entries of 32 bytes: user, supervisor, and supervisor with SMAP lifted (EFLAGS.AC).
 * Entry: read tag u64, write tag u64, fetch tag u64, addend u32, flags u32. A tag is the linear page address, or -1;
 * host address = low 32 bits of the linear address + addend.
 */
export const CPU_TLB_USER = 0x10000;
export const CPU_TLB_SUPERVISOR = 0x30000;
export const CPU_TLB_SUPERVISOR_AC = 0x50000;
export const TLB_ENTRIES = 4096;
export const TLB_ENTRY_SHIFT = 5;
export const TLB_BYTES = 0x20000;
export const TLB_READ = 0;
export const TLB_WRITE = 8;
export const TLB_FETCH = 16;
export const TLB_ADDEND = 24;
export const TLB_FLAGS = 28;
export const TLB_FLAG_GLOBAL = 1;
/** The page was mapped by an entry bigger than 4 KiB. */
export const TLB_FLAG_LARGE = 2;

/**
 * Jump cache, by RIP: JUMP_ENTRIES of 32 bytes: RIP u64, stamp u64, first record of the block u32. The block's
 * generation must be looked at.
 */
export const CPU_JUMP_CACHE = 0x70000;
export const JUMP_ENTRIES = 2048;
export const JUMP_ENTRY_SHIFT = 5;
export const JUMP_HASH_SHIFT = 11;
export const JUMP_STAMP = 8;
export const JUMP_RECORD = 16;

/** Block table: BLOCK_TABLE_ENTRIES of 16 bytes: host address of the code, block mode, block header, 0. */
export const CPU_BLOCK_TABLE = 0x80000;
export const BLOCK_TABLE_ENTRIES = 32768;

// ---------------------------------------------------------------------------------------------------------------------
// Bits

/** Requests in CPU_PENDING. */
export const PENDING_APIC = 1;
export const PENDING_PIC = 2;
export const PENDING_NMI = 4;
export const PENDING_SMI = 8;
export const PENDING_INIT = 16;
export const PENDING_SIPI = 32;
/** Someone needs this vCPU to drop its TLB entries (all, or only their write permission). */
export const PENDING_FLUSH_TLB = 64;
export const PENDING_FLUSH_WRITES = 128;
/** Another vCPU wants everyone to stand still (GLOBAL_EXCLUSIVE). */
export const PENDING_EXCLUSIVE = 256;
/** The actor wants run() to return: pause, kick, mailbox. */
export const PENDING_EXIT = 512;
/** The local APIC timer's deadline has passed, or must be looked at. */
export const PENDING_TIMER = 1024;
/** Everything that is looked at whatever EFLAGS.IF says. */
export const PENDING_ALWAYS = 0x7fc;

/** CPU_MODE */
export const MODE_CPL_MASK = 3;
export const MODE_CODE16 = 0;
export const MODE_CODE32 = 4;
export const MODE_CODE64 = 8;
export const MODE_CODE_MASK = 12;
export const MODE_PROTECTED = 16;
export const MODE_V86 = 32;
export const MODE_LONG = 64;
export const MODE_PAGING = 128;
export const MODE_SMM = 256;

/** CPU_BLOCK_MODE. Bits 0..1: code size 0 = 16, 1 = 32, 2 = 64. */
export const BLOCK_CODE_MASK = 3;
export const BLOCK_STACK32 = 4;
/** DS, ES, SS are based at 0, 4 GiB, writable. */
export const BLOCK_FLAT = 8;
export const BLOCK_SINGLE = 16;
/** CS has a limit below 4 GiB. */
export const BLOCK_CODE_LIMIT = 32;
/** x87 and MMX instructions may execute (CR0.EM = 0, CR0.TS = 0). */
export const BLOCK_X87 = 64;
/** SSE instructions may execute (CR4.OSFXSR, CR0.EM = 0, CR0.TS = 0). */
export const BLOCK_SSE = 128;
/** AVX instructions may execute (CR4.OSXSAVE, XCR0, CR0.TS = 0, protected mode). */
export const BLOCK_AVX = 256;
/** CR0.PE is set and EFLAGS.VM is not: VEX encodings and far forms differ. */
export const BLOCK_PROTECTED = 512;

/** CPU_HALT_STATE */
export const HALT_RUNNING = 0;
export const HALT_HLT = 1;
export const HALT_WAIT_SIPI = 2;
export const HALT_SHUTDOWN = 3;
export const HALT_MWAIT = 4;

/** Why run() returned: CPU_EXIT_REASON. */
export const EXIT_NONE = 0;
export const EXIT_BUDGET = 1;
export const EXIT_HALT = 2;
export const EXIT_REQUEST = 3;
export const EXIT_EXCEPTION = 4;
export const EXIT_SYSCALL = 5;
export const EXIT_TRIPLE_FAULT = 6;

// ---------------------------------------------------------------------------------------------------------------------
// Predecoded records (32 bytes) and block headers (32 bytes), shared by the interpreter and the translator

export const RECORD_SIZE = 32;
/** u16: index of the handler in the core's function table. */
export const RECORD_HANDLER = 0;
/** u8: case of the run loop that executes the instruction in place of its handler (case-numbers.ts); 0 none. */
export const RECORD_CASE = 2;
/** u8: how many instructions of the block have executed once this one has. */
export const RECORD_COUNT = 3;
/** u16: offset of the first byte in its page. */
export const RECORD_OFFSET = 4;
/** u8: modrm.reg (or the opcode's register): offset of a general register's bytes in the page group, or a plain number. */
export const RECORD_REG = 6;
/** u8: modrm.rm when it is a register. */
export const RECORD_RM = 7;
/** u8 each: offsets of base and index registers. */
export const RECORD_BASE = 8;
export const RECORD_INDEX = 9;
/** u8: bits 0..1 shift of the index, bits 4..7 length of the instruction in bytes. */
export const RECORD_SCALE = 10;
export const RECORD_SCALE_MASK = 3;
export const RECORD_LENGTH_SHIFT = 4;
/** u8: low nibble the address form (ADDRESS_*), high nibble the segment. */
export const RECORD_ADDRESS = 11;
export const RECORD_DISP = 12;
/** u64: immediate, sign-extended; branch displacement; absolute address of MOV moffs; far pointer offset | selector << 32. */
export const RECORD_IMM = 16;
/** u32: INFO_* */
export const RECORD_INFO = 24;
/** u32: header of the block that a direct branch leads to, when it is in the same page; 0 unknown. */
export const RECORD_LINK = 28;

/** 64-bit, no segment base. */
export const ADDRESS_FLAT64 = 0;
/** 64-bit, FS or GS base. */
export const ADDRESS_BASED64 = 1;
/** 32-bit, no segment base, no checks needed. */
export const ADDRESS_FLAT32 = 2;
/** Anything else: truncation by the address size, segment base, limit and type checks. */
export const ADDRESS_GENERAL = 3;

export const INFO_OPCODE_MASK = 0xff;
export const INFO_MODRM_SHIFT = 8;
/** 0 = 16, 1 = 32, 2 = 64 bits. */
export const INFO_OPSIZE_SHIFT = 16;
export const INFO_ADDRSIZE_SHIFT = 18;
export const INFO_LOCK = 0x100000;
export const INFO_REP = 0x200000;
export const INFO_REPNE = 0x400000;
export const INFO_OPSIZE_PREFIX = 0x800000;
/** VEX.L (EVEX.L'L). */
export const INFO_VL_SHIFT = 24;
export const INFO_W = 0x4000000;
/** A RIP-relative address whose displacement did not fit: add the next instruction's RIP. */
export const INFO_RIP_RELATIVE = 0x8000000;
export const INFO_VVVV_SHIFT = 28;

export const BLOCK_HEADER_SIZE = 32;
/** Host address of the first byte, block mode, host address of the generation word, generation at decoding. */
export const BLOCK_CODE = 0;
export const BLOCK_KEY_MODE = 4;
export const BLOCK_GEN_ADDRESS = 8;
export const BLOCK_GEN = 12;
/** Host address of the second page when the last instruction straddles two, else 0; and its generation. */
export const BLOCK_PAGE2 = 16;
export const BLOCK_GEN2 = 20;
/** u16 records, u16 bytes of code. */
export const BLOCK_RECORDS = 24;
export const BLOCK_BYTES = 26;
/** Times entered through the block table (hotness). */
export const BLOCK_ENTRIES_COUNT = 28;

// ---------------------------------------------------------------------------------------------------------------------
// Local APIC page: offsets from CPU_APIC. The registers lie where the xAPIC has them (SDM vol. 3, table 10-1): 4 bytes
// every 16. IRR and TMR are only touched with atomics, by anyone; LVT LINT0 likewise, since remote IRR is set by whoever
// moves the line. TPR, PPR, LDR, DFR, SVR and the LVT are written by the owner and read by senders at any time.

export const APIC_ID = 0x20;
export const APIC_VERSION = 0x30;
export const APIC_TPR = 0x80;
export const APIC_APR = 0x90;
export const APIC_PPR = 0xa0;
export const APIC_EOI = 0xb0;
export const APIC_RRD = 0xc0;
export const APIC_LDR = 0xd0;
export const APIC_DFR = 0xe0;
export const APIC_SVR = 0xf0;
/** Eight words each, 16 bytes apart. */
export const APIC_ISR = 0x100;
export const APIC_TMR = 0x180;
export const APIC_IRR = 0x200;
export const APIC_ESR = 0x280;
export const APIC_ICR_LOW = 0x300;
export const APIC_ICR_HIGH = 0x310;
export const APIC_LVT_TIMER = 0x320;
export const APIC_LVT_THERMAL = 0x330;
export const APIC_LVT_PERFORMANCE = 0x340;
export const APIC_LVT_LINT0 = 0x350;
export const APIC_LVT_LINT1 = 0x360;
export const APIC_LVT_ERROR = 0x370;
export const APIC_INITIAL_COUNT = 0x380;
export const APIC_CURRENT_COUNT = 0x390;
export const APIC_DIVIDE = 0x3e0;
export const APIC_SELF_IPI = 0x3f0;
/** Initial APIC ID (x2APIC ID, 32 bits), given by the topology. Written before the first run. */
export const APIC_INITIAL_ID = 0x400;
/** APIC_CONFIG_*: what this model has. Written before the first run. */
export const APIC_CONFIG = 0x404;
/** IA32_APIC_BASE, 8 bytes. Writer: the owner; senders read the low half. */
export const APIC_BASE_MSR = 0x408;
/** Errors since the last write of ESR. Atomic OR by whoever sees one; while non-zero the error interrupt is not armed. */
export const APIC_ERRORS = 0x410;
/** Levels of LINT0 and LINT1 (bits 0, 1), and a latched ExtINT message (bit 2). Atomic; writers: devices, and the owner for bit 2. */
export const APIC_LINES = 0x414;
/** 1 while the timer counts (one-shot and periodic). */
export const APIC_TIMER_RUNNING = 0x418;
/** Virtual time in ns (u64) at which the running count was at its initial value. */
export const APIC_TIMER_START = 0x420;
/** IA32_TSC_DEADLINE; 0 = not armed. */
export const APIC_TSC_DEADLINE = 0x428;
/** Virtual time in ns (f64) of the timer's next expiry, +Infinity if there is none. Writer: the owner; readable at any time. */
export const APIC_TIMER_EXPIRY = 0x430;

/** The version register has bit 24 and SVR bit 12 works: the machine's I/O APICs have an EOI register. */
export const APIC_CONFIG_DIRECTED_EOI = 1;
/** This is the bootstrap processor. */
export const APIC_CONFIG_BOOTSTRAP = 2;

export const APIC_LINE_LINT0 = 1;
export const APIC_LINE_LINT1 = 2;
export const APIC_LINE_EXTINT_MESSAGE = 4;

/** Bits of IA32_APIC_BASE (SDM vol. 3, 10.4.4 and 10.12.1). */
export const APIC_BASE_BSP = 0x100;
export const APIC_BASE_EXTD = 0x400;
export const APIC_BASE_EN = 0x800;

/** Bits of SVR. */
export const SVR_ENABLED = 0x100;
export const SVR_SUPPRESS_EOI = 0x1000;

/** Bits of the local vector table and of the interrupt command register. */
export const LVT_DELIVERY_SHIFT = 8;
export const LVT_DELIVERY_MASK = 0x700;
export const LVT_REMOTE_IRR = 0x4000;
export const LVT_LEVEL = 0x8000;
export const LVT_MASKED = 0x10000;

/** Delivery modes (SDM vol. 3, 10.5.1, 10.6.1 and 10.11.2). */
export const DELIVERY_FIXED = 0;
export const DELIVERY_LOWEST_PRIORITY = 1;
export const DELIVERY_SMI = 2;
export const DELIVERY_NMI = 4;
export const DELIVERY_INIT = 5;
export const DELIVERY_SIPI = 6;
export const DELIVERY_EXTINT = 7;

/** Bits of ESR (SDM vol. 3, figure 10-9). */
export const ESR_SEND_ILLEGAL_VECTOR = 0x20;
export const ESR_RECEIVE_ILLEGAL_VECTOR = 0x40;
export const ESR_ILLEGAL_REGISTER = 0x80;

/** Frequency of the APIC timer before its divider, announced as the crystal clock by CPUID leaf 15H. */
export const APIC_TIMER_HZ = 1000000000;

// ---------------------------------------------------------------------------------------------------------------------
// Page of the model-specific registers: offsets from the page group. 8 bytes each; the owner's alone.

export const CPU_MSR_STAR = 0x3000;
export const CPU_MSR_LSTAR = 0x3008;
export const CPU_MSR_CSTAR = 0x3010;
export const CPU_MSR_FMASK = 0x3018;
export const CPU_MSR_KERNEL_GS_BASE = 0x3020;
export const CPU_MSR_TSC_AUX = 0x3028;
export const CPU_MSR_SYSENTER_CS = 0x3030;
export const CPU_MSR_SYSENTER_ESP = 0x3038;
export const CPU_MSR_SYSENTER_EIP = 0x3040;
export const CPU_MSR_PAT = 0x3048;
export const CPU_MSR_MISC_ENABLE = 0x3050;
export const CPU_MSR_FEATURE_CONTROL = 0x3058;
export const CPU_MSR_TSC_ADJUST = 0x3060;
export const CPU_MSR_MICROCODE = 0x3068;
/** Frequency of the time-stamp counter in Hz. Written before the first run. */
export const CPU_TSC_HZ = 0x3070;
export const CPU_MSR_DEBUGCTL = 0x3078;
export const CPU_MSR_MTRR_DEF_TYPE = 0x3080;
/** Eleven fixed-range registers in the order of SDM vol. 3, table 11-9. */
export const CPU_MSR_MTRR_FIXED = 0x3088;
/** Base and mask of each of the variable ranges. */
export const CPU_MSR_MTRR_VARIABLE = 0x3100;
export const CPU_MSR_XSS = 0x3180;
export const CPU_MSR_MCG_STATUS = 0x3188;
export const CPU_MSR_MCG_CTL = 0x3190;
/** CTL, STATUS, ADDR, MISC of each bank of machine-check registers. */
export const CPU_MSR_MC_BANKS = 0x31a0;
export const CPU_MSR_PERF_GLOBAL_CTRL = 0x3300;
export const CPU_MSR_PERF_GLOBAL_STATUS = 0x3308;
export const CPU_MSR_FIXED_CTR_CTRL = 0x3310;
/** Event selects of the general counters. */
export const CPU_MSR_PERFEVTSEL = 0x3320;
/** Each counter: its value when its event count was last looked at, and that event count. General ones, then fixed ones. */
export const CPU_PERF_COUNTERS = 0x3360;

// ---------------------------------------------------------------------------------------------------------------------
// CPUID table: offsets from CPU_CPUID. Written before the first run.

/** Number of entries; CPUID_ANSWER_*; highest basic, hypervisor and extended leaves. */
export const CPUID_COUNT = 0;
export const CPUID_ANSWERS = 4;
export const CPUID_MAX_BASIC = 8;
export const CPUID_MAX_HYPERVISOR = 12;
export const CPUID_MAX_EXTENDED = 16;
export const CPUID_FIRST_ENTRY = 32;
export const CPUID_ENTRY_SIZE = 32;
export const CPUID_ENTRY_SUBLEAF = 4;
export const CPUID_ENTRY_FLAGS = 8;
/** EAX, EBX, ECX, EDX. */
export const CPUID_ENTRY_VALUES = 16;
/** The leaf answers by ECX; else ECX does not matter. */
export const CPUID_HAS_SUBLEAVES = 1;
/** CPUID_ANSWERS: leaves out of range answer as the highest basic leaf does (Intel), else zeros (AMD). */
export const CPUID_ANSWER_HIGHEST = 1;
export const CPUID_MAX_ENTRIES = 255;
