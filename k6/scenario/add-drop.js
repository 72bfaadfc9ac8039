import stampede from 'k6/x/stampede';
export const options = stampede.options('add-drop', __ENV);
export default function () {}
