import stampede from 'k6/x/stampede';
export const options = stampede.options('refresh-storm', __ENV);
export default function () {}
