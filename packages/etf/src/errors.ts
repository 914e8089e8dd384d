/** Why a value could not be encoded. */
export type EncodeErrorCode =
  /** The value has no term: a function, a symbol, an instance of a class, NaN, an infinity. */
  | 'ETF_NO_TERM'
  /** A string holds half of a surrogate pair, which UTF-8 cannot express. */
  | 'ETF_LONE_SURROGATE'
  /** An atom is longer than 255 characters. */
  | 'ETF_ATOM_LENGTH'
  /** A value contains itself. */
  | 'ETF_CYCLE'
  /** Values are nested deeper than `depthMax`, or than the stack allows. */
  | 'ETF_DEPTH'
  /** The encoded bytes would exceed `sizeBytesMax`. */
  | 'ETF_SIZE'
  /** Two keys of a Map, or two members of a Set, are the same term. */
  | 'ETF_DUPLICATE_KEY'
  /** Reading a property of the value threw; see `cause`. */
  | 'ETF_UNREADABLE'
  /** A number lies outside what its field can hold. */
  | 'ETF_RANGE'

/** Why bytes could not be decoded. */
export type DecodeErrorCode =
  /** The bytes end in the middle of a term. */
  | 'ETF_TRUNCATED'
  /** The first byte is not 131, the version of the format. */
  | 'ETF_VERSION'
  /** Bytes follow after the term. */
  | 'ETF_TRAILING_BYTES'
  /** A tag that does not exist, or not at this place. */
  | 'ETF_UNKNOWN_TAG'
  /** The contents of a term break the rules of its tag. */
  | 'ETF_MALFORMED'
  /** A float that is not a finite number. */
  | 'ETF_FLOAT'
  /** An atom is longer than `atomCharactersMax`. */
  | 'ETF_ATOM_LENGTH'
  /** A reference to an entry of the atom cache that the header did not name. */
  | 'ETF_ATOM_CACHE'
  /** A map with the same key twice. */
  | 'ETF_DUPLICATE_KEY'
  /** Terms are nested deeper than `depthMax`, or than the stack allows. */
  | 'ETF_DEPTH'
  /** The bytes exceed `sizeBytesMax`, or those of a compressed term `inflatedBytesMax`. */
  | 'ETF_SIZE'

/** A value that cannot be sent. `path` names the place: `$.cart[3].price`. */
export class EncodeError extends Error {
  override readonly name = 'EncodeError'
  readonly code: EncodeErrorCode
  /** Where in the value the fault is; `$` is the value itself. */
  readonly path: string

  constructor(code: EncodeErrorCode, path: string, reason: string, options?: ErrorOptions) {
    super(`cannot encode ${path}: ${reason}`, options)
    this.code = code
    this.path = path
  }
}

/** Bytes that are not a term, or one that exceeds a limit. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError'
  readonly code: DecodeErrorCode
  /** Index in the given bytes at which the fault was found; in a compressed term, in its inflated bytes. */
  readonly offset: number

  constructor(code: DecodeErrorCode, offset: number, reason: string, options?: ErrorOptions) {
    super(`cannot decode at byte ${offset}: ${reason}`, options)
    this.code = code
    this.offset = offset
  }
}
