export const packageName = '@tiebeam/testing'
