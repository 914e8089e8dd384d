export const packageName = '@tiebeam/cluster'
