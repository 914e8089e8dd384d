/** Bytes with a meaning in front of, and in, messages: "Distribution Header" and the tags of OTP's External Term Format guide. */
export const PASS_THROUGH = 112
export const VERSION = 131
export const HEADER = 68
export const FRAGMENT_FIRST = 69
export const FRAGMENT_NEXT = 70

export const SMALL_INTEGER_EXT = 97
export const SMALL_TUPLE_EXT = 104
export const ATOM_CACHE_REF = 82
export const SMALL_ATOM_UTF8_EXT = 119
export const NEW_PID_EXT = 88
export const NEWER_REFERENCE_EXT = 90

/** Bytes of a fragment's header: version, tag, sequence id, fragment id. */
export const FRAGMENT_HEADER_BYTES = 18
