import stampede from 'k6/x/stampede';
export const options = stampede.options('spike', __ENV);
export default function () {}
