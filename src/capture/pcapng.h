#ifndef SEPTET_CAPTURE_PCAPNG_H
#define SEPTET_CAPTURE_PCAPNG_H

/* Numbers of the pcapng format (draft-ietf-opsawg-pcapng) that reader and writer share. */

#define PCAPNG_SECTION 0x0a0d0d0au
#define PCAPNG_INTERFACE 1u
#define PCAPNG_OBSOLETE_PACKET 2u
#define PCAPNG_SIMPLE_PACKET 3u
#define PCAPNG_STATISTICS 5u
#define PCAPNG_ENHANCED_PACKET 6u

#define PCAPNG_BYTE_ORDER_MAGIC 0x1a2b3c4du

/* Bytes of a block without options or data: type, both lengths and the fixed fields. */
#define PCAPNG_BLOCK_LEAST 12u
#define PCAPNG_SECTION_LEAST 28u
#define PCAPNG_INTERFACE_LEAST 20u
#define PCAPNG_PACKET_LEAST 32u /* enhanced and obsolete */
#define PCAPNG_SIMPLE_LEAST 16u
#define PCAPNG_STATISTICS_LEAST 24u

#define PCAPNG_OPTION_END 0
#define PCAPNG_OPTION_COMMENT 1
/* Section header. */
#define PCAPNG_SHB_HARDWARE 2
#define PCAPNG_SHB_OS 3
#define PCAPNG_SHB_APPLICATION 4
/* Interface description. */
#define PCAPNG_IF_NAME 2
#define PCAPNG_IF_DESCRIPTION 3
#define PCAPNG_IF_TSRESOL 9
#define PCAPNG_IF_FCSLEN 13
#define PCAPNG_IF_TSOFFSET 14
/* Enhanced packet. */
#define PCAPNG_EPB_FLAGS 2
#define PCAPNG_EPB_DROPCOUNT 4
/* Interface statistics. */
#define PCAPNG_ISB_RECEIVED 4
#define PCAPNG_ISB_DROPPED 5

#endif
