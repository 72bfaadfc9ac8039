import stampede from 'k6/x/stampede';
export const options = stampede.options('browse', __ENV);
export default function () {}
