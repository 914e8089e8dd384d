export const packageName = '@tiebeam/etf'
