import stampede from 'k6/x/stampede';
export const options = stampede.options('journey', __ENV);
export default function () {}
