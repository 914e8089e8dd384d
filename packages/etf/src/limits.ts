/** Levels of lists, tuples, maps and funs inside each other; what fits on Node's default stack with room to spare. */
export const defaultDepthMax = 1_000

/** Bytes of one encoded term. */
export const defaultSizeBytesMax = 256 * 1024 * 1024

/**
 * Bytes of a compressed term after inflation. A zip bomb inflates to a thousand times its size, and a byte of it, such as
 * an empty list, can become 50 bytes of objects: this bound is some 400 MB of memory for a bomb of 8 KB.
 */
export const defaultInflatedBytesMax = 8 * 1024 * 1024

/** Characters of an atom; OTP's own limit, and so the one of encoding. */
export const defaultAtomCharactersMax = 255

/** First allocation of an encoder, in bytes. */
export const defaultInitialBytes = 64 * 1024
