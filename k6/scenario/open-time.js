import stampede from 'k6/x/stampede';
export const options = stampede.options('open-time', __ENV);
export default function () {}
